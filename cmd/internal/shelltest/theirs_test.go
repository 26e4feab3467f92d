package shelltest

import (
	"fmt"
	"strings"
	"testing"
)

// TestPromptCommandStays: what bash runs before a prompt is as the person had it,
// and sees what it would see without devsh.
func TestPromptCommandStays(t *testing.T) {
	t.Parallel()
	seen := `seen="$? ${PIPESTATUS[*]}"`
	for _, tt := range []struct{ name, set, is string }{
		{"none", "", "declare -- PROMPT_COMMAND="},
		{"string", "PROMPT_COMMAND='" + seen + "'", "declare -- PROMPT_COMMAND=$'seen="},
		{"exported string", "export PROMPT_COMMAND='" + seen + "'", "declare -x PROMPT_COMMAND=$'seen="},
		{"array", "PROMPT_COMMAND=('" + seen + "' 'second=$?; false')", `[1]="second=\$?; false" [2]="__devsh_prompt")`},
		{"comment at its end", "PROMPT_COMMAND='" + seen + " # theirs'", "declare -- PROMPT_COMMAND="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.rc(tt.set + "\nPS1='($?)inner> '")
			s := b.start(t, shellLine("bash"))
			s.ready()
			if got := s.written("declare -p PROMPT_COMMAND"); !strings.Contains(got, tt.is) {
				t.Errorf("PROMPT_COMMAND is %s", got)
			}
			for i, change := range []string{"", "changed"} { // without work, and with
				b.Write(b.dir+"/devsh.toml", project+fmt.Sprintf("# %d", i))
				if change != "" {
					b.Allow(t, b.dir)
				}
				s.enter("(exit 3) | (exit 5)")
				s.expect(`\(5\)inner> `)
				if tt.set != "" {
					if got := s.written("echo $seen"); got != "5 3 5\n" {
						t.Errorf("PROMPT_COMMAND saw %q", got)
					}
				}
				s.enter("false | true; true | (exit 4)")
				s.expect(`\(4\)inner> `)
				s.enter(`echo "<<$? ${PIPESTATUS[*]}>>"`)
				s.expect(`<<4 0 4>>`)
			}
			if strings.Contains(tt.name, "array") {
				s.says("echo $second", "0")
			}
			// In a bash without the hook an exported one does nothing more.
			if got := s.written(`bash --norc -ic 'eval "$PROMPT_COMMAND"'`); strings.Contains(got, "devsh") {
				t.Errorf("in another bash it says %q", got)
			}
		})
	}
}

// TestPrecmdStays: the same in zsh.
func TestPrecmdStays(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.rc(`precmd() { seen="$? $pipestatus"; }; precmd_functions+=(theirs); theirs() { second=$?; false; }; PS1='(%?)inner> '`)
	s := b.start(t, shellLine("zsh"))
	s.ready()
	s.says("echo $precmd_functions", "__devsh_prompt theirs")
	for range 2 {
		s.enter("(exit 3) | (exit 5)")
		s.expect(`\(5\)inner> `)
		if got := s.written("echo $seen $second"); got != "5 3 5 5\n" {
			t.Errorf("precmd saw %q", got)
		}
		b.Write(b.dir+"/devsh.toml", project+"# changed")
		b.Allow(t, b.dir)
	}
}

// TestTheirOptions: nothing that a person may set breaks it, and no trap and no
// function of theirs sees it.
func TestTheirOptions(t *testing.T) {
	eachPosix(t, func(t *testing.T, b *bed, shell string) {
		aliases := "alias export=false unset=false eval=false local=false printf=false typeset=false shopt=false builtin=false return=false\n" +
			"export() { echo wrong; }; eval() { echo wrong; }; printf() { echo wrong; }\n"
		if shell == "zsh" {
			aliases = strings.ReplaceAll(aliases, "export() { echo wrong; }; eval() { echo wrong; }; ", "") + "setopt ksh_arrays sh_word_split warn_create_global no_nomatch rc_quotes glob_subst\n"
		}
		b.rc(aliases)
		s := b.start(t, shellLine(shell))
		s.ready()
		s.enter(`trap 'echo tra""pped' ERR; IFS=_eVh; set -eu`)
		for _, value := range []string{"changed", "it's", "again"} {
			b.Write(b.dir+"/devsh.toml", strings.ReplaceAll(project, "from p", value))
			b.Allow(t, b.dir)
			s.ready()
			s.enter(`echo "<""<$A"`)
			s.expect("<<" + value)
		}
		b.Devsh(t, "deny", b.dir)
		s.ready()
		s.enter(`echo "<""<${A-none} $IFS $-"`)
		s.expect("<<none _eVh .*e.*u")
		if s.count("wrong")+s.count("trapped") > 0 {
			t.Errorf("the terminal shows:\n%s", s.Output(0))
		}
	})
}

// hostile is text that must arrive as it is.
const hostile = "it's \"$(touch PWNED)\" `touch PWNED` \\ ${PWNED} !! *\n\té '\\''%s\n"

// before is what a person has that a project is about to change.
const before = `
OUTSIDE='not exported'; W=unexported; export X=exported; export E=; export GONE=here; export LIST=/theirs; EMPTYLIST=; A=$'quotes \' "\nand lines\n'
readonly FIXED=1; alias hi='echo their hi'; ciao() { echo their ciao; }
`

const changes = `
[env]
W = "ours"
X = "ours"
E = "ours"
N = "ours"
A = "ours"
FIXED = "ours"
REF = "of ${OUTSIDE} and ${USER}${NOTHING}"
H = %q
unset = ["GONE", "NEVER"]
[path]
prepend = ["bin", "it's a bin"]
append = ["last"]
[lists.LIST]
prepend = ["/one"]
append = ["/two"]
[lists.EMPTYLIST]
append = ["/two"]
[lists.NOLIST]
prepend = ["/one"]
[aliases]
hi = "echo our hi"
ciao = "echo our ciao in $DEVSH_PROJECT"
then = "echo no"
unalias = "echo no"
`

// looksLike is what a shell tells of all that the project changes.
func looksLike(shell string) string {
	show := map[string]string{"bash": "declare -p $v", "zsh": "typeset -p $v"}[shell]
	return `for v in W X E N A REF H GONE NEVER LIST EMPTYLIST NOLIST FIXED PATH; do ` + show + `; done; alias; env | grep DEVSH_; true`
}

// TestRestores: leaving gives all back as it was before entering: unset, empty, not
// exported, hidden aliases. What the person changed meanwhile stays.
func TestRestores(t *testing.T) {
	eachPosix(t, func(t *testing.T, b *bed, shell string) {
		b.rc(map[string]string{"bash": "shopt -s nocasematch", "zsh": "unsetopt case_match"}[shell] + before + `eval "$(devsh hook ` + shell + `)"`)
		text := fmt.Sprintf(changes, strings.ReplaceAll(hostile, "${", "$${"))
		dir := b.Allowed("q", text)
		s := b.startArgv(t, []string{"/usr/bin/env", shell, "-i"})
		s.ready()
		was := s.written(looksLike(shell))
		for range 2 { // the second time from another generation
			s.enter("cd " + dir)
			s.says("echo $W $X $E $N $A; echo $REF", "ours ours ours ours ours\nof not exported and tester")
			s.says(`printf %s "$H" | cksum`, cksum(t, hostile))
			s.says("/usr/bin/printenv W E N GONE NEVER LIST EMPTYLIST NOLIST; echo $FIXED", "ours\nours\nours\n/one:/theirs:/two\n/two\n/one\n1")
			if got := s.ask("echo $PATH"); !strings.HasPrefix(got, dir+"/bin:"+dir+"/it's a bin:") || !strings.HasSuffix(got, ":"+dir+"/last") {
				t.Errorf("PATH is %s", got)
			}
			s.enter("hi 'x  y'; ciao; if true; then echo th''en; fi")
			s.expect("our hi x  y\r\nour ciao in " + dir + "\r\nthen\r\n")
			b.Write(dir+"/devsh.toml", text+"more = \"echo more\"\n")
			b.Allow(t, dir)
			s.ready()
			s.enter("more; cd")
			s.expect("more")
			s.ready()
			if got := s.written(looksLike(shell)); got != was {
				t.Errorf("before:\n%s\nafter:\n%s", was, got)
			}
			s.enter("hi; ciao")
			s.expect("their hi\r\ntheir ciao")
		}
		s.enter("cd " + dir)
		s.ready()
		s.enter(`X=OURS; unset N; GONE=back; PATH=/mine:$PATH:/mine2; LIST=$LIST:/mine; NOLIST=/mine:$NOLIST; alias hi='echo new hi'; cd`)
		s.ready()
		s.says("echo $X ${N-unset} $GONE $LIST $NOLIST $W", "OURS unset back /theirs:/mine /mine unexported")
		s.says("echo $PATH; hi", "/mine:"+b.Env()["PATH"]+":/mine2\nnew hi")
		if s.count("PWNED")+s.count("read-only variable")+s.count("readonly variable") > 0 {
			t.Errorf("the terminal shows:\n%s", s.Output(0))
		}
	})
}

// TestTheirConfiguration: all of it is read, as without devsh, and nothing shows
// how the hook came in.
func TestTheirConfiguration(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.rc("FROM_RC=$0")
	b.Write(".zshenv", "FROM_ENV=home")
	b.Write("own/.zshenv", "FROM_ENV=own; alias source=false")
	b.Write("own/.zshrc", "PS1='inner> '; FROM_RC=own")
	for _, tt := range []struct{ shell, environ, says string }{
		{"bash", "X=", "bash - unset no"},
		{"zsh", "X=", "zsh home unset no"},
		{"zsh", "ZDOTDIR=" + b.Home + "/own", "own own " + b.Home + "/own no"},
	} {
		s := b.start(t, shellLine(tt.shell), tt.environ)
		s.ready()
		s.says(`echo ${FROM_RC##*/} ${FROM_ENV--} ${ZDOTDIR-unset} $(env | grep -q __devsh && echo leaks || echo no)`, tt.says)
		b.Write(b.dir+"/devsh.toml", strings.ReplaceAll(project, "from p", tt.says))
		b.Allow(t, b.dir)
		s.ready()
		s.says("echo $A", tt.says)
	}
}
