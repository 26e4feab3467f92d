package session

import (
	"slices"
	"testing"
)

func TestQueriesAreAnswered(t *testing.T) {
	tests := []struct {
		name   string
		chunks []string
		want   []string
	}{
		{"device attributes", []string{"\x1b[c"}, []string{"\x1b[?62;c"}},
		{"device attributes with a zero", []string{"\x1b[0c"}, []string{"\x1b[?62;c"}},
		{"cursor position", []string{"\x1b[6n"}, []string{"\x1b[1;1R"}},
		{"status", []string{"\x1b[5n"}, []string{"\x1b[0n"}},
		{"among text", []string{"a\x1b[31mred\x1b[cb"}, []string{"\x1b[?62;c"}},
		{"two", []string{"\x1b[c\x1b[6n"}, []string{"\x1b[?62;c", "\x1b[1;1R"}},
		{"in pieces", []string{"\x1b", "[", "c"}, []string{"\x1b[?62;c"}},
		{"a sequence cut short by another", []string{"\x1b[\x1b[c"}, []string{"\x1b[?62;c"}},
		{"kitty keyboard", []string{"\x1b[?u"}, nil},
		{"secondary attributes", []string{"\x1b[>c"}, nil},
		{"plain text that looks like one", []string{"[c 6n"}, nil},
		{"the answer itself", []string{"\x1b[?62;c"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var q queries
			var got []string
			for _, c := range tt.chunks {
				for _, a := range q.scan([]byte(c)) {
					got = append(got, string(a))
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("answers to %q: got %q, want %q", tt.chunks, got, tt.want)
			}
		})
	}
}

func TestLongestQuery(t *testing.T) {
	longest := 0
	for q := range answers {
		longest = max(longest, len(q))
	}
	if longest != longestQuery {
		t.Errorf("longestQuery is %d, the longest question has %d bytes", longestQuery, longest)
	}
}

// FuzzQueries: where the stream is cut does not matter, and nothing is
// remembered beyond the longest question.
func FuzzQueries(f *testing.F) {
	f.Add([]byte("a\x1b[c\x1b[6nb"), 3)
	f.Add([]byte("\x1b\x1b[0c"), 1)
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		cut = min(max(cut, 0), len(stream))
		var whole, parts queries
		want := whole.scan(stream)
		got := append(parts.scan(stream[:cut]), parts.scan(stream[cut:])...)
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%q cut at %d: got %q, want %q", stream, cut, got, want)
		}
		if len(whole.tail) >= longestQuery {
			t.Errorf("%q: remembers %q", stream, whole.tail)
		}
	})
}
