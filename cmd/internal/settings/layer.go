package settings

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/manifest"
)

// setting is one setting, its sources and its check.
type setting struct {
	key string
	// env is the variable that sets it, "" where none may: what widens trust
	// is said in the file only, and so is what shells are told.
	env   string
	split string // what separates the elements in the variable; "" for a single string
	flag  string
	// check takes a string, or []string where many is set, and returns the value to keep.
	many  bool
	check func(value string, home string) (string, *problem)
	yesNo bool // it is true or false, and set in the file alone
}

// problem says what is wrong with a value.
type problem struct{ msg, hint string }

var all = []setting{
	{key: "roots", env: "DEVSH_ROOTS", split: ":", flag: "--root", many: true, check: checkRoot},
	{key: "message", check: checkMessage}, // DEVSH_MESSAGE is the hook's: it is that shell's own
	{key: "trust.roots", many: true, check: checkRoot},
	{key: "layers.off", env: "DEVSH_LAYERS_OFF", split: ",", flag: "--layers-off", many: true, check: checkLayer},
	{key: "shell_hook.timeout", check: checkTimeout},
	{key: "capture.timeout", check: checkTimeout},
	{key: "tools.missing", check: checkMissing},
	{key: "tools.prefixes", yesNo: true},
	{key: "daemon.enabled", yesNo: true},
	{key: "daemon.on_battery", yesNo: true},
	{key: "tools.nixpkgs", check: checkNixpkgs},
}

// layer puts defaults, file, variables and flags on top of each other.
func layer(doc *manifest.Document, o Options) (*viper.Viper, error) {
	if err := checkKeys(doc); err != nil {
		return nil, err
	}
	file, env := map[string]any{}, map[string]any{}
	v := viper.New()
	v.SetDefault("roots", []string{o.Home + "/dev"})
	v.SetDefault("message", string(Normal))
	v.SetDefault("tools.missing", activation.MissingTell)
	v.SetDefault("shell_hook.timeout", "30s")
	v.SetDefault("capture.timeout", "10s")
	flags := o.Flags.byKey()
	for _, s := range all {
		if err := s.fromFile(doc, o.Home, file); err != nil {
			return nil, err
		}
		if s.env != "" && o.Getenv != nil {
			if err := s.fromEnv(o.Getenv(s.env), o.Home, env); err != nil {
				return nil, err
			}
		}
		if given := flags[s.key]; given != nil {
			value, err := s.checkAll(given, o.Home, s.flag)
			if err != nil {
				return nil, err
			}
			v.Set(s.key, value)
		}
	}
	return v, errors.Join(v.MergeConfigMap(file), v.MergeConfigMap(env))
}

// put stores a value under a key with a table, in the nested form of a file.
func put(m map[string]any, key string, value any) {
	table, name, nested := strings.Cut(key, ".")
	if !nested {
		m[key] = value
		return
	}
	if of, ok := m[table].(map[string]any); ok {
		of[name] = value
		return
	}
	m[table] = map[string]any{name: value}
}

func (s setting) fromEnv(text, home string, into map[string]any) error {
	if text == "" {
		return nil
	}
	parts := []string{text}
	if s.many {
		parts = strings.Split(text, s.split)
	}
	value, err := s.checkAll(parts, home, s.env)
	if err == nil {
		put(into, s.key, value)
	}
	return err
}

// checkAll checks values that are not from the file.
func (s setting) checkAll(parts []string, home, source string) (any, error) {
	checked := make([]string, 0, len(parts))
	for _, part := range parts {
		c, p := s.check(part, home)
		if p != nil {
			return nil, &SourceError{Source: source, Msg: p.msg, Hint: p.hint}
		}
		checked = append(checked, c)
	}
	return s.value(checked), nil
}

// value returns checked values in the type of the setting, each once.
func (s setting) value(checked []string) any {
	if !s.many {
		return checked[0]
	}
	var out []string
	for _, c := range checked {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}
