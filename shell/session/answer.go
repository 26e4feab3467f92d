package session

// The questions that shells put to their terminal at start and that they wait
// for, with the answers of a plain VT220 whose cursor is at the top left. What
// is not answered (kitty's keyboard protocol, XTGETTCAP, colours) is taken by
// programs as "does not have it", once the answer to the first one has come.
var answers = map[string]string{
	"\x1b[c":  "\x1b[?62;c", // primary device attributes
	"\x1b[0c": "\x1b[?62;c",
	"\x1b[5n": "\x1b[0n",   // device status
	"\x1b[6n": "\x1b[1;1R", // cursor position
}

// longestQuery is the length of the longest key of answers.
const longestQuery = 4

// queries finds questions in a stream; the zero value is ready.
type queries struct {
	tail []byte // the end of the stream so far, a possible beginning of a question
}

// scan returns the answers to the questions that are complete with b, in order.
func (q *queries) scan(b []byte) [][]byte {
	var replies [][]byte
	for _, c := range b {
		if c == 0x1b {
			q.tail = q.tail[:0]
		} else if len(q.tail) == 0 {
			continue
		}
		q.tail = append(q.tail, c)
		if a, ok := answers[string(q.tail)]; ok {
			replies = append(replies, []byte(a))
		} else if len(q.tail) < longestQuery {
			continue
		}
		q.tail = q.tail[:0]
	}
	return replies
}
