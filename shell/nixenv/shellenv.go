package nixenv

import (
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"
)

// maxVariables bounds what an environment may hold, functions included.
const maxVariables = 20_000

// shellEnv is the environment of a Nix shell as nix found it, before any of
// it is left out.
type shellEnv struct {
	// Exported are the variables that programs see.
	Exported map[string]string `json:"exported"`
	// Vars, Arrays and Maps are those of bash alone, which a shellHook may use.
	Vars   map[string]string            `json:"vars,omitempty"`
	Arrays map[string][]string          `json:"arrays,omitempty"`
	Maps   map[string]map[string]string `json:"maps,omitempty"`
	// Functions are bodies in bash by name.
	Functions map[string]string `json:"functions,omitempty"`
}

// hook returns the text of the shellHook, or "".
func (s *shellEnv) hook() string {
	if h, ok := s.Exported["shellHook"]; ok {
		return h
	}
	return s.Vars["shellHook"] // of a derivation with __structuredAttrs
}

var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_:.+@-]*$`)

// parseDevEnv reads what nix print-dev-env --json writes. Types that it does
// not know are left out: nix calls integers and read-only variables unknown.
func parseDevEnv(data []byte) (*shellEnv, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("read the environment: it is not UTF-8")
	}
	var raw struct {
		BashFunctions map[string]string `json:"bashFunctions"`
		Variables     map[string]struct {
			Type  string          `json:"type"`
			Value json.RawMessage `json:"value"`
		} `json:"variables"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("read the environment: %w", err)
	}
	if n := len(raw.Variables) + len(raw.BashFunctions); n == 0 || n > maxVariables {
		return nil, fmt.Errorf("read the environment: %d variables and functions", n)
	}
	s := &shellEnv{
		Exported: map[string]string{}, Vars: map[string]string{}, Functions: map[string]string{},
		Arrays: map[string][]string{}, Maps: map[string]map[string]string{},
	}
	for name, v := range raw.Variables {
		var err error
		switch v.Type {
		case "exported":
			err = decode(s.Exported, name, v.Value)
		case "var":
			err = decode(s.Vars, name, v.Value)
		case "array":
			err = decode(s.Arrays, name, v.Value)
		case "associative":
			err = decode(s.Maps, name, v.Value)
		}
		if err != nil {
			return nil, fmt.Errorf("read the environment: variable %q: %w", name, err)
		}
	}
	for name, body := range raw.BashFunctions {
		if functionName.MatchString(name) {
			s.Functions[name] = body
		}
	}
	return s, nil
}

func decode[T any](into map[string]T, name string, value json.RawMessage) error {
	var v T
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	into[name] = v
	return nil
}
