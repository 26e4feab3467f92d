package nixlog

import "bytes"

// Lines is an [io.Writer] that cuts what is written into lines, of bounded
// length however long they come.
type Lines struct {
	// Max is how much of a line is kept, in bytes.
	Max int
	// Each is called with each line that is not empty, without its newline.
	// cut says that there was more of it. The bytes are valid during the call.
	Each func(line []byte, cut bool)

	line []byte
	cut  bool
}

// Write implements [io.Writer]. It never fails.
func (l *Lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		part := rest
		if end >= 0 {
			part = rest[:end]
		}
		room := l.Max - len(l.line)
		l.cut = l.cut || len(part) > room
		l.line = append(l.line, part[:min(room, len(part))]...)
		if end < 0 {
			break
		}
		l.Flush()
		rest = rest[end+1:]
	}
	return len(p), nil
}

// Flush ends the current line.
func (l *Lines) Flush() {
	if len(l.line) > 0 {
		l.Each(l.line, l.cut)
	}
	l.line, l.cut = l.line[:0], false
}
