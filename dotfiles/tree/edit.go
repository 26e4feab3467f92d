package tree

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tailscale/hujson"
)

// Replace puts another value in the place of this one. The comments around it stay.
func (n Node) Replace(with Node) {
	n.value.Value = n.doc.written(with, n.indent())
}

// Set gives a key a value: in its place where it is there already, else last.
// On what is not an object it does nothing.
func (n Node) Set(key string, with Node) {
	object := n.object()
	if object == nil {
		return
	}
	if old := n.Get(key); old.Exists() {
		old.Replace(with)
		return
	}
	m := hujson.ObjectMember{Name: hujson.Value{Value: hujson.String(key)}}
	var last *hujson.Value
	model := hujson.Extra(nil)
	if i := len(object.Members) - 1; i >= 0 {
		last, model = &object.Members[i].Value, object.Members[i].Name.BeforeExtra
	}
	var indent string
	m.Name.BeforeExtra, m.Value.AfterExtra, indent = n.room(last, model, &object.AfterExtra)
	m.Value.Value = n.doc.written(with, indent)
	if n.doc.unit != "" {
		m.Value.BeforeExtra = hujson.Extra(" ")
	}
	object.Members = append(object.Members, m)
}

// Append adds an element to an array. On what is none it does nothing.
func (n Node) Append(with Node) {
	array := n.array()
	if array == nil {
		return
	}
	var e hujson.Value
	var last *hujson.Value
	model := hujson.Extra(nil)
	if i := len(array.Elements) - 1; i >= 0 {
		last, model = &array.Elements[i], array.Elements[i].BeforeExtra
	}
	var indent string
	e.BeforeExtra, e.AfterExtra, indent = n.room(last, model, &array.AfterExtra)
	e.Value = n.doc.written(with, indent)
	array.Elements = append(array.Elements, e)
}

// room makes place behind the last value of a container: what goes before the
// new one (what stood behind the last, then a line as the last has one), and
// behind it, and how the line is indented. closing is what stands before the bracket.
func (n Node) room(last *hujson.Value, model hujson.Extra, closing *hujson.Extra) (before, after hujson.Extra, indent string) {
	if last == nil {
		if n.doc.unit == "" {
			return nil, nil, ""
		}
		outer := n.indent()
		before = append(upToLastLine(*closing), n.doc.eol+outer+n.doc.unit...)
		*closing = hujson.Extra(n.doc.eol + outer)
		return before, nil, outer + n.doc.unit
	}
	if last.AfterExtra != nil { // a comma follows the last one: one follows the new one too
		after = hujson.Extra{}
	}
	at := lastLine(model)
	if at < 0 && lastLine(*closing) < 0 {
		before = append(bytes.Clone(bytes.TrimRight(*closing, " \t\r\n")), model[len(bytes.TrimRight(model, " \t")):]...)
		*closing = (*closing)[len(bytes.TrimRight(*closing, " \t\r\n")):]
		return before, after, n.indent()
	}
	if at >= 0 {
		indent = leading(model[at+1:])
	} else {
		indent = n.indent() + n.doc.unit
	}
	head := upToLastLine(*closing)
	before = append(bytes.Clone(head), n.doc.eol+indent...)
	*closing = (*closing)[len(head):]
	return before, after, indent
}

// Delete removes a key, wherever it is there. Comments of other keys stay.
func (n Node) Delete(key string) {
	object := n.object()
	if object == nil {
		return
	}
	for i := len(object.Members) - 1; i >= 0; i-- {
		if name(object.Members[i]) != key {
			continue
		}
		next := &object.AfterExtra
		if i+1 < len(object.Members) {
			next = &object.Members[i+1].Name.BeforeExtra
		}
		*next = closeGap(object.Members[i].Name.BeforeExtra, *next)
		if i == len(object.Members)-1 && i > 0 {
			endAs(&object.Members[i-1].Value, object.Members[i].Value, next)
		}
		object.Members = append(object.Members[:i], object.Members[i+1:]...)
	}
}

// DeleteAt removes an array's element. Comments of other elements stay.
func (n Node) DeleteAt(i int) {
	array := n.array()
	if array == nil || i < 0 || i >= len(array.Elements) {
		return
	}
	next := &array.AfterExtra
	if i+1 < len(array.Elements) {
		next = &array.Elements[i+1].BeforeExtra
	}
	*next = closeGap(array.Elements[i].BeforeExtra, *next)
	if i == len(array.Elements)-1 && i > 0 {
		endAs(&array.Elements[i-1], array.Elements[i], next)
	}
	array.Elements = append(array.Elements[:i], array.Elements[i+1:]...)
}

// endAs has a value end the container as the one that was last did: with or
// without a comma. What stood between it and its comma is kept.
func endAs(value *hujson.Value, last hujson.Value, closing *hujson.Extra) {
	switch {
	case last.AfterExtra != nil && value.AfterExtra == nil:
		value.AfterExtra = hujson.Extra{}
	case last.AfterExtra == nil && value.AfterExtra != nil:
		*closing = append(bytes.Clone(value.AfterExtra), *closing...)
		value.AfterExtra = nil
	}
}

// closeGap is what stands between two values when the one between them goes.
// A comment on a line's end belongs to the value before it: that before the
// gone one stays, that behind it goes.
func closeGap(gone, next hujson.Extra) hujson.Extra {
	before, behind := firstLine(gone), firstLine(next)
	switch {
	case before < 0:
		return next
	case behind < 0:
		return append(bytes.Clone(gone), bytes.TrimLeft(next, " \t")...)
	}
	return append(bytes.Clone(gone[:before]), next[behind:]...)
}

// written is a value as this document would write it.
func (d *Doc) written(n Node, indent string) hujson.ValueTrimmed {
	v := n.value.Clone()
	v.BeforeExtra, v.AfterExtra = nil, nil
	if n.Kind() != '{' && n.Kind() != '[' {
		return v.Value
	}
	v.Minimize()
	packed := v.Pack()
	if d.unit != "" {
		var out bytes.Buffer
		if err := json.Indent(&out, packed, indent, d.unit); err == nil {
			packed = []byte(strings.ReplaceAll(out.String(), "\n", d.eol))
		}
	}
	parsed, err := hujson.Parse(packed)
	if err != nil {
		return v.Value
	}
	return parsed.Value
}

// indent is the white space that the line begins with on which the value stands.
func (n Node) indent() string {
	text, found := indentOf(&n.doc.root, n.value, "")
	if !found {
		return ""
	}
	return text
}

func indentOf(in, sought *hujson.Value, outer string) (string, bool) {
	if in == sought {
		return outer, true
	}
	within := func(before hujson.Extra, v *hujson.Value) (string, bool) {
		inner := outer
		if at := lastLine(before); at >= 0 {
			inner = leading(before[at+1:])
		}
		return indentOf(v, sought, inner)
	}
	switch v := in.Value.(type) {
	case *hujson.Object:
		for i := range v.Members {
			if text, ok := within(v.Members[i].Name.BeforeExtra, &v.Members[i].Value); ok {
				return text, true
			}
		}
	case *hujson.Array:
		for i := range v.Elements {
			if text, ok := within(v.Elements[i].BeforeExtra, &v.Elements[i]); ok {
				return text, true
			}
		}
	}
	return "", false
}

// lines are where lines end in white space and comments: not within a comment of several.
func lines(extra hujson.Extra) []int {
	var ends []int
	for i := 0; i < len(extra); i++ {
		if extra[i] == '/' {
			i = endOfComment(extra, i)
		}
		if i < len(extra) && extra[i] == '\n' {
			ends = append(ends, i)
		}
	}
	return ends
}

func firstLine(extra hujson.Extra) int {
	if ends := lines(extra); len(ends) > 0 {
		return ends[0]
	}
	return -1
}

func lastLine(extra hujson.Extra) int {
	if ends := lines(extra); len(ends) > 0 {
		return ends[len(ends)-1]
	}
	return -1
}

// upToLastLine is what stands before the end of the last line, without that end.
func upToLastLine(extra hujson.Extra) []byte {
	at := lastLine(extra)
	if at < 0 {
		return bytes.Clone(bytes.TrimRight(extra, " \t\r\n"))
	}
	return bytes.Clone(bytes.TrimSuffix(extra[:at], []byte("\r")))
}
