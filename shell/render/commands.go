package render

import (
	"strings"

	"github.com/hbohlen/devsh/shell/env"
)

// alias defines a function as fish's own alias does. Its text is evaluated
// and not pasted, so that one that is no fish code breaks nothing but itself.
func (g *generation) alias(name string, a env.Alias) {
	g.line("if __devsh_alias_on %s", name)
	// Without --wraps: what it adds to the completions cannot be taken back.
	g.line("    function %s --description 'devsh alias'", name)
	g.meansOwn("        ", a.Dir)
	g.line("        eval %s '$argv'", QuoteFish(ownCommand(name, a.Text)))
	g.line("    end")
	g.line("end")
}

// ownCommand is the text of an alias, which by its own name means the command that
// it stands for.
func ownCommand(name, text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	if first == name {
		return "command " + strings.TrimSpace(text)
	}
	return text
}

// ScriptFile is the name, in a generation's directory, of one of the delta's
// scripts.
func ScriptFile(id string) string { return "s-" + id + ".bash" }

// callBash is what a bash is given to run a command of a script. In eval, so
// that it is looked up as typed: it may be an alias that the script has defined.
const callBash = `source "$1"; shift; eval "$0 \"\$@\""`

// bashFunction defines a function that has a bash run it. The environment is
// that of the moment, and the function is there only while its generation is
// the active one: that is where the script is.
func (g *generation) bashFunction(name string, f env.Function) {
	g.line("if __devsh_alias_on %s", name)
	g.line("    function %s --description 'devsh function'", name)
	g.meansOwn("        ", f.Dir)
	g.line("        %s --noprofile --norc -c %s %s $DEVSH_GENERATION/%s $argv", QuoteFish(f.Bash), QuoteFish(callBash), name, ScriptFile(f.Script))
	g.line("    end")
	g.line("end")
}

func (g *generation) hook(when string, hooks []env.Hook, shellHooks bool) {
	if len(hooks) == 0 && !shellHooks {
		return
	}
	g.function("hook_"+when, func() {
		if shellHooks {
			g.line("__devsh_shell_hook")
		}
		for _, h := range hooks {
			g.line("begin")
			g.meansOwn("    ", h.Dir)
			g.line("    eval %s", QuoteFish(h.Code))
			g.line("end")
		}
	})
}

// meansOwn has a place's code mean its own directory by the variable, which says
// which place governs. Where that is one that nobody has allowed, what the code
// names there would be run.
func (g *generation) meansOwn(indent, dir string) {
	g.line("%sset -lx %s %s", indent, env.ProjectVar, QuoteFish(dir))
}
