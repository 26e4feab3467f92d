package nixenv

import (
	_ "embed"
	"fmt"
	"math"
	"net/url"
	"strings"
)

//go:embed secrets.txt
var secretsText string

// minRandom is how many bytes a value must have to look random.
const minRandom = 16

// secrets tells what looks like a secret.
type secrets struct {
	rules rules
	known []string // values that do
}

func newSecrets() (*secrets, error) {
	r, err := parseRules(secretsText)
	if err != nil {
		return nil, fmt.Errorf("secrets.txt: %w", err)
	}
	return &secrets{rules: r}, nil
}

// is reports whether a variable's value looks like a secret, and remembers it
// then: elsewhere it must not be stored either.
func (s *secrets) is(name, value string) bool {
	upper := strings.ToUpper(name)
	secret := value != "" && s.rules.drops([]string{"name"}, upper, "") ||
		looksRandom(value) && s.rules.drops([]string{"key"}, upper, "") || s.has(value) || hasPassword(value)
	if len(value) >= minRandom {
		for _, prefix := range s.rules["value"] {
			secret = secret || strings.HasPrefix(value, prefix)
		}
	}
	if secret && len(value) >= 8 { // what is shorter is found in many a text
		s.known = append(s.known, value)
	}
	return secret
}

// has reports whether a text holds a value that is known to be secret.
func (s *secrets) has(text string) bool {
	for _, secret := range s.known {
		if strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

// hasPassword reports whether a value is a URL with a password that looks
// random: those of a database on the developer's own machine do not.
func hasPassword(value string) bool {
	if !strings.Contains(value, "://") {
		return false
	}
	u, err := url.Parse(value)
	if err != nil || u.User == nil {
		return false
	}
	password, _ := u.User.Password()
	return looksRandom(password)
}

// looksRandom reports whether a text could be a key: long, without spaces, no
// path, and with many different characters for its length.
func looksRandom(text string) bool {
	if len(text) < minRandom || strings.ContainsAny(text, " \t\n") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~") || strings.HasPrefix(text, "./") {
		return false
	}
	var counts [256]float64
	for _, c := range []byte(text) {
		counts[c]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			p := n / float64(len(text))
			bits -= p * math.Log2(p)
		}
	}
	return bits >= 3
}
