package env

// Enter returns e with d applied, and with what [Leave] needs to take it back:
// the old values of the variables that were set, and the marks that tell a
// nested shell which generation of which project is active. Aliases, functions
// and hooks are for shells alone.
func Enter(e Env, d Delta, generation, project string) Env {
	out := e.Clone()
	lookup := func(name string) (string, bool) { v, ok := e[name]; return v, ok }
	keep := func(name string) {
		if old, ok := e[name]; ok {
			out[OldPrefix+name] = old
		}
	}
	for name, v := range d.Set {
		keep(name)
		out[name] = v.Expand(lookup)
		if len(v.Refs()) > 0 {
			out[WasPrefix+name] = out[name]
		}
	}
	for name := range d.Unset {
		keep(name)
		delete(out, name)
	}
	for name, l := range d.Lists {
		if name != Path {
			keep(name)
		}
		out[name] = l.Join(name, e[name])
	}
	out[GenerationVar] = generation
	out[ProjectVar] = project
	return out
}

// Leave takes d back out of e, where [Enter] or the shell's hook put it in.
// What was changed meanwhile stays as it is now.
func Leave(e Env, d Delta) Env {
	out := e.Clone()
	restore := func(name string) {
		delete(out, name)
		if old, ok := e[OldPrefix+name]; ok {
			out[name] = old
		}
	}
	for name, v := range d.Set {
		was, dynamic := e[WasPrefix+name]
		if !dynamic {
			was, _ = v.Literal()
		}
		if now, ok := e[name]; ok && now == was {
			restore(name)
		}
	}
	for _, name := range d.HookVars() {
		was, hooked := e[WasPrefix+name]
		if now, ok := e[name]; hooked && ok && now == was {
			restore(name)
		}
	}
	for name := range d.Unset {
		if _, ok := e[name]; !ok {
			restore(name)
		}
	}
	for name, l := range d.Lists {
		leaveList(out, e, name, l, restore)
	}
	for name := range out {
		if IsMark(name) {
			delete(out, name)
		}
	}
	return out
}

func leaveList(out, e Env, name string, l List, restore func(string)) {
	now, ok := e[name]
	if !ok {
		return // the user took it away
	}
	old, had := e[OldPrefix+name]
	if name != Path && now == l.Join(name, old) {
		restore(name)
		return
	}
	out[name] = l.Strip(now)
	if out[name] == "" && name != Path && !had {
		delete(out, name)
	}
}
