package envrc

import (
	"slices"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/envrc/draft"
)

// reference returns what a reference to a variable is in a devsh.toml at this
// point: itself, or the value where only this file has it.
func (t *translator) reference(name string) (env.Value, string) {
	if why := t.known(name); why != "" {
		return nil, why
	}
	v := t.vars[name]
	switch {
	case v == nil || v.state == around:
		return env.Value{{Ref: name}}, ""
	case v.state == gone:
		return nil, ""
	case v.exported:
		return env.Value{{Ref: name}}, ""
	}
	if bad := t.hidden(v.flat, t.seq+1, ""); bad != "" {
		return nil, needs(bad)
	}
	return v.flat, ""
}

// before returns what a variable is before it gets another value: a reference
// to itself where this file has not set it.
func (t *translator) before(name string) (env.Value, string) {
	v := t.vars[name]
	switch {
	case v != nil && v.lost > 0, v == nil && shellOwn[name]:
		return nil, t.known(name)
	case v == nil || v.state == around || v.state == added:
		return env.Value{{Ref: name}}, ""
	}
	if bad := t.hidden(v.flat, t.seq+1, name); bad != "" {
		return nil, needs(bad)
	}
	return v.flat, ""
}

func needs(name string) string {
	return "it needs the value that " + name + " had before this file set it"
}

// flat replaces the references in a value, assigned at seq, to other variables
// of the file: what is left refers to the surrounding environment.
func (t *translator) flat(v env.Value, seq int) (env.Value, string) {
	var out env.Value
	for _, p := range v {
		piece := env.Value{p}
		if r := t.vars[p.Ref]; p.Ref != "" && r != nil && r.state == set && r.exported && r.seq < seq {
			piece = r.flat
		}
		out = append(out, piece...)
		if len(out) > maxItems {
			return nil, tooLong
		}
	}
	if size(out) > maxValue {
		return nil, tooLong
	}
	return join(out), ""
}

// hidden returns a variable of the surrounding environment to which a flat
// value refers and that a devsh.toml would understand as one of its own, if
// the value were assigned at seq. The variable except is not looked at.
func (t *translator) hidden(v env.Value, seq int, except string) string {
	for _, name := range v.Refs() {
		if r := t.vars[name]; name != except && r != nil && r.state == set && r.exported && r.seq < seq {
			return name
		}
	}
	return ""
}

// release makes the values that refer to a variable independent of it, before
// it gets another one.
func (t *translator) release(name string) string {
	old := t.vars[name]
	if old == nil || old.state != set || !old.exported {
		return ""
	}
	values := map[*variable]env.Value{}
	for _, v := range t.vars {
		if v.state != set || !v.exported || v.seq <= old.seq || !slices.Contains(v.value.Refs(), name) {
			continue
		}
		if bad := t.hidden(old.flat, v.seq, name); bad != "" {
			return "another variable needs what " + name + " was before"
		}
		var out env.Value
		for _, p := range v.value {
			if p.Ref != name {
				out = append(out, p)
				continue
			}
			out = append(out, old.flat...)
		}
		values[v] = join(out)
		text, ok := draft.Template(values[v])
		if !ok {
			return dollar
		}
		if t.bytes += len(quote(text)); t.bytes > maxText {
			return tooMuch
		}
	}
	for v, value := range values {
		v.value = value
	}
	return ""
}
