package activation

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/render"
)

// What a shellHook prints can hold a secret, so it goes to no disk: where nobody
// is there to see it, it waits in the user's runtime directory, which is in
// memory, for the first shell that comes to the environment: the first to
// write its number beside it. That one empties the file.

// say tells the person something: now, or where nobody is there, later.
func (w *resolution) say(line string) {
	if w.Warn != nil {
		w.Warn(line)
		return
	}
	w.said = append(w.said, render.Visible(line))
}

// leaveSaid leaves what was said for the shells that await the entry. That it
// can be left nowhere is no failure of the environment.
func (w *resolution) leaveSaid(e *Entry) {
	if len(w.said) == 0 || !filepath.IsAbs(w.Runtime) {
		return
	}
	dir := filepath.Join(w.Runtime, "devsh", "said")
	if info, err := os.Stat(w.Runtime); err != nil || owned(w.Runtime, info) != nil {
		return
	}
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() || owned(dir, info) != nil {
		return
	}
	w.tidySaid(dir)
	file := filepath.Join(dir, entryName(identify(e)))
	os.Remove(file + ".by") // the shells that would show it
	_ = atomicfile.Write(file, []byte(strings.Join(w.said, "\n")+"\n"), 0o600)
}

// TakeSaid returns what waits to be said about an entry, to the first shell that
// asks. The hook for fish does the same by itself.
func (r *Resolver) TakeSaid(e *Entry, shell int) string {
	if !filepath.IsAbs(r.Runtime) {
		return ""
	}
	file := filepath.Join(r.Runtime, "devsh", "said", entryName(e.ID))
	info, err := os.Lstat(file)
	if err != nil || info.Size() == 0 || owned(file, info) != nil {
		return ""
	}
	own := strconv.Itoa(shell)
	f, err := os.OpenFile(file+".by", os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return ""
	}
	_, err = f.WriteString(own + "\n")
	by, err2 := readOwn(file + ".by")
	if first, _, _ := strings.Cut(string(by), "\n"); errors.Join(err, f.Close(), err2) != nil || first != own {
		return ""
	}
	text, err := readOwn(file)
	if errors.Join(err, os.Truncate(file, 0)) != nil {
		return ""
	}
	return string(text)
}

// tidySaid removes what nobody came for.
func (w *resolution) tidySaid(dir string) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, n := range names {
		if w.Now().Sub(modified(n)) > rubbishAge {
			os.Remove(filepath.Join(dir, n.Name()))
		}
	}
}

// spaced puts spaces where a terminal would go to the next tab stop: usage texts
// of shellHooks are made with tabs, which would be shown as what they are.
func spaced(line string) string {
	const stop = 8
	var b strings.Builder
	column := 0
	for _, r := range line {
		if r != '\t' {
			b.WriteRune(r)
			column++
			continue
		}
		n := stop - column%stop
		b.WriteString(strings.Repeat(" ", n))
		column += n
	}
	return b.String()
}
