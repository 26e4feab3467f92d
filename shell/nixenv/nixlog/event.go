package nixlog

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// Action is what an event tells of.
type Action string

// The actions. What a later nix may add is [Ignored].
const (
	Plain   Action = "plain" // no event of nix: a line of a program that it runs, or of its own early start
	Message Action = "msg"
	Start   Action = "start"
	Stop    Action = "stop"
	Result  Action = "result"
	Ignored Action = ""
)

// Level is nix's verbosity: the lower, the more important.
type Level int

// The levels that matter here.
const (
	Error     Level = 0
	Talkative Level = 4 // what -v adds
	Chatty    Level = 5 // what -vv adds
)

// Event is one line of nix.
type Event struct {
	Action Action
	Level  Level
	ID     uint64 // of the activity
	Type   int    // of the activity or result
	Text   string // of a message, an activity or a plain line, without colours
	Fields []Field
}

// Field is a text or a number.
type Field struct {
	Text   string
	Number uint64
}

// UnmarshalJSON implements [json.Unmarshaler]. What is neither a text nor a
// whole number is nothing.
func (f *Field) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &f.Text)
	}
	f.Number, _ = strconv.ParseUint(string(data), 10, 64)
	return nil
}

const prefix = "@nix "

// Parse reads a line, given without its newline.
func Parse(line string) Event {
	rest, ok := strings.CutPrefix(line, prefix)
	if !ok {
		return Event{Action: Plain, Text: StripColour(line)}
	}
	var w struct {
		Action Action
		Level  Level
		ID     uint64
		Type   int
		Text   string
		Msg    string
		Fields []Field
	}
	if err := json.Unmarshal([]byte(rest), &w); err != nil {
		if _, other := errors.AsType[*json.UnmarshalTypeError](err); other {
			return Event{} // an event, of a shape that is not known
		}
		return Event{Action: Plain, Text: StripColour(line)}
	}
	e := Event{Action: w.Action, Level: w.Level, ID: w.ID, Type: w.Type, Text: StripColour(w.Text), Fields: w.Fields}
	switch w.Action {
	case Message:
		e.Text = StripColour(w.Msg)
	case Start, Stop, Result:
	default:
		return Event{}
	}
	return e
}

// text returns a field's text, "" where there is none.
func (e Event) text(i int) string {
	if i < len(e.Fields) {
		return e.Fields[i].Text
	}
	return ""
}

func (e Event) number(i int) uint64 {
	if i < len(e.Fields) {
		return e.Fields[i].Number
	}
	return 0
}

// Read returns the file that the event says nix read, as nix names it, and
// whether it was evaluated; else it was copied to the store. Files of nix's
// own, which have no absolute path, are left out.
func (e Event) Read() (file string, evaluated, ok bool) {
	if e.Action != Message {
		return "", false, false
	}
	if file, ok = between(e.Text, "evaluating file '", "'"); ok {
		return file, true, strings.HasPrefix(file, "/")
	}
	if file, ok = between(e.Text, "copied source '", "' -> '"); ok {
		return file, false, strings.HasPrefix(file, "/")
	}
	return "", false, false
}

// between returns what stands between a prefix of a line and the last end.
func between(line, prefix, end string) (string, bool) {
	rest, ok := strings.CutPrefix(line, prefix)
	if !ok {
		return "", false
	}
	i := strings.LastIndex(rest, end)
	if i < 0 {
		return "", false
	}
	return rest[:i], true
}

var colours = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// StripColour removes the sequences that set colours and weight, and nothing
// else: showing the text safely is for whoever shows it.
func StripColour(s string) string {
	if !strings.Contains(s, "\x1b[") {
		return s
	}
	return colours.ReplaceAllString(s, "")
}
