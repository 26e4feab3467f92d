package manifest

import "unicode/utf8"

// Nearest returns the one of known that name is most likely a slip of, or "".
// Of equally near ones the first is taken.
func Nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	best, limit := "", 1+len(name)/3
	for _, k := range known {
		if d := distance(name, k); d <= limit && d < max(len(k), 2) {
			best, limit = k, d-1
		}
	}
	return best
}

// distance is the number of bytes to insert, delete or replace to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// runeLen returns the length of the character that b, which is not empty, begins with.
func runeLen(b []byte) int {
	if b[0] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRune(b)
	return size
}
