package envrc

import (
	"strings"
)

// list is commands joined by && and ||, the unit that is translated or left.
type list struct {
	start, end int // in the source
	commands   []command
	joins      []string // what stands before each command; of the first, ""
	why        string   // why none of it can be translated
}

// command is a command with its arguments, or a compound one.
type command struct {
	start int
	words []*word
	why   string // why it cannot be translated; a compound command has no words
	// nothing says that it has no effect on the environment.
	nothing bool
}

// parser makes lists of tokens. Where it does not understand, it takes more
// into what is left rather than less: nothing that depended on something else
// may come out as if it did not.
type parser struct {
	lexer lexer
	tok   token
	// functions are the names that the file itself defines so far.
	functions map[string]bool
}

func newParser(src string) *parser {
	p := &parser{lexer: lexer{src: src}, functions: map[string]bool{}}
	p.advance()
	return p
}

func (p *parser) advance() { p.tok = p.lexer.next() }

func (p *parser) is(ops ...string) bool {
	if p.tok.kind != operator {
		return false
	}
	for _, op := range ops {
		if p.tok.text == op {
			return true
		}
	}
	return false
}

// next returns the next list, or false at the end of the text.
func (p *parser) next() (list, bool) {
	for p.tok.kind == newline || p.is(";") {
		p.advance()
	}
	if p.tok.kind == endOfText {
		return list{}, false
	}
	l := list{start: p.tok.start}
	join := ""
	for {
		c := p.command()
		l.commands, l.joins = append(l.commands, c), append(l.joins, join)
		if p.tok.kind == broken {
			l.why, l.end = p.tok.text, len(p.lexer.src)
			p.tok = token{kind: endOfText, start: l.end, end: l.end}
			return l, true
		}
		l.end = p.tok.start
		if !p.is("&&", "||", "|", "|&") {
			break
		}
		join = p.tok.text
		if strings.HasPrefix(join, "|") && join != "||" {
			l.why = "it is a pipe between programs, and nothing is run"
		}
		p.advance()
		for p.tok.kind == newline {
			p.advance()
		}
	}
	p.endOfList(&l)
	return l, true
}

// endOfList reads what ends a list.
func (p *parser) endOfList(l *list) {
	switch {
	case p.is(";"):
	case p.tok.kind == newline:
		if p.tok.end > p.tok.start+1 {
			l.end = p.tok.end // the text of a here-document
		}
	case p.tok.kind == endOfText:
	case p.is("&"):
		l.why = "it runs in the background, and nothing is run"
	default:
		// Something that no list ends with: the rest of the line goes with it.
		l.why = "it is not understood"
		for p.tok.kind == wordToken || p.tok.kind == operator {
			p.advance()
		}
		l.end = p.tok.start
		return
	}
	if p.tok.kind == operator {
		l.end = p.tok.end
	}
	if p.tok.kind != endOfText {
		p.advance()
	}
}

// command reads a command up to what ends it.
func (p *parser) command() command {
	c := command{start: p.tok.start}
	if p.tok.kind == wordToken && compounds[p.tok.text] != "" || p.is("(") {
		c.why = compounds[p.tok.text]
		c.nothing = p.compound()
	}
	for {
		switch {
		case p.tok.kind == wordToken:
			c.words = append(c.words, p.tok.word)
			p.advance()
		case p.tok.kind == operator && strings.ContainsAny(p.tok.text, "<>"):
			if why := p.redirection(); c.why == "" {
				c.why = why
			}
		case p.is("(") && len(c.words) == 1:
			p.function(&c)
		default:
			return c
		}
	}
}

// redirection reads an operator and its file. What only silences is harmless.
func (p *parser) redirection() string {
	op := strings.TrimLeft(p.tok.text, "0123456789")
	p.advance()
	target := ""
	if p.tok.kind == wordToken {
		target = p.tok.text
		p.advance()
	}
	if target == "/dev/null" && strings.Contains(op, ">") || op == ">&" && (target == "1" || target == "2") {
		return ""
	}
	return "it reads or writes a file or a text, and nothing is run"
}

// function reads a definition whose name was read.
func (p *parser) function(c *command) {
	name := p.lexer.src[c.words[0].start:c.words[0].end]
	c.words = nil
	c.why = compounds["function"]
	p.functions[name] = true
	p.advance()
	if p.is(")") {
		p.advance()
	}
	for p.tok.kind == newline {
		p.advance()
	}
	p.compound()
}

// compounds are the words that begin a compound command, and why it is left.
var compounds = map[string]string{
	"if": conditional, "case": conditional, "[[": conditional, "!": conditional,
	"for": loop, "while": loop, "until": loop, "select": loop,
	"{": group, "(": group, "time": group, "coproc": group,
	"function": "it defines a function, and nothing is run",
}

const (
	conditional = "it depends on a condition, and a devsh.toml has none"
	loop        = "it is a loop, and a devsh.toml has none"
	group       = "it is a group of commands"
)

// closers are what ends a construct that the word begins.
var closers = map[string]string{
	"if": "fi", "case": "esac", "for": "done", "while": "done", "until": "done", "select": "done", "{": "}", "[[": "]]",
}

// goesOn are the words behind which a command begins.
var goesOn = map[string]bool{
	"if": true, "then": true, "else": true, "elif": true, "while": true, "until": true, "do": true, "{": true,
	"!": true, "time": true, "coproc": true,
}

// maxDepth bounds constructs within each other.
const maxDepth = 200

// compound reads a compound command, with all in it, to its end. It reports
// whether the command only fetches nix-direnv, which devsh does not need.
func (p *parser) compound() (onlyNixDirenv bool) {
	e := extent{begins: true, start: p.tok.start}
	for {
		if p.tok.kind == endOfText {
			p.tok = token{kind: broken, start: p.tok.start, end: p.tok.end, text: "its end is missing"}
		}
		if p.tok.kind == broken {
			return false
		}
		previous := p.tok
		e.take(p.tok, p.functions)
		if len(e.stack) > maxDepth {
			p.tok = token{kind: broken, text: "too much is within each other"}
			return false
		}
		p.advance()
		if len(e.stack) == 0 && !e.begins {
			text := p.lexer.src[e.start:previous.end]
			return !e.other && e.version && strings.Contains(text, nixDirenv)
		}
	}
}

// extent follows a compound command to its end.
type extent struct {
	stack  []string // what must come to end what is open
	begins bool     // a command begins here
	start  int
	last   token
	// other and version: there are commands that have nothing to do with
	// fetching nix-direnv, and there is the question which version it is.
	other, version bool
}

func (e *extent) top() string {
	if len(e.stack) == 0 {
		return ""
	}
	return e.stack[len(e.stack)-1]
}

func (e *extent) take(t token, functions map[string]bool) {
	last := e.last
	e.last = t
	switch {
	case e.top() == "]]":
		if t.text == "]]" {
			e.pop()
		}
	case t.kind == newline:
		e.begins = true
	case t.kind == operator && t.text == "(":
		e.stack = append(e.stack, ")")
		e.begins = true
		if last.kind == wordToken {
			functions[last.text] = true
		}
	case t.kind == operator && t.text == ")":
		if e.top() == ")" {
			e.pop()
		}
		// Behind a pattern of case, behind f(), and behind ( … ).
		e.begins = len(e.stack) > 0 || last.text == "("
	case t.kind == operator:
		e.begins = !strings.ContainsAny(t.text, "<>")
	case last.text == "function":
		functions[t.text] = true
		e.begins = true
	case e.begins:
		e.first(t.text)
	}
}

// first takes the first word of a command.
func (e *extent) first(text string) {
	e.begins = goesOn[text]
	switch {
	case closers[text] != "":
		e.stack = append(e.stack, closers[text])
		e.other = e.other || text != "if"
	case text == e.top():
		e.pop()
	case text == "function":
		e.begins = true
		e.other = true
	case text == "nix_direnv_version":
		e.version = true
	case goesOn[text]:
		e.other = e.other || text == "else" || text == "elif"
	case text != "has" && text != "source_url":
		e.other = true
	}
}

func (e *extent) pop() {
	e.stack = e.stack[:len(e.stack)-1]
	e.begins = false
}
