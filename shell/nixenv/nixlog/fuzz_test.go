package nixlog

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzLog feeds whatever a builder or a program may write, and holds what
// everybody relies on.
func FuzzLog(f *testing.F) {
	files, err := filepath.Glob("testdata/*.log")
	if err != nil || len(files) == 0 {
		f.Fatalf("no recorded logs: %v", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		lines := bytes.SplitAfter(data, []byte("\n"))
		for part := range slices.Chunk(lines, 12) { // whole logs are too long to vary
			f.Add(bytes.Join(part, nil))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 4096
		log := &Log{Source: "flake.nix"}
		lines := Lines{Max: limit}
		lines.Each = func(line []byte, cut bool) {
			if len(line) > limit {
				t.Fatalf("a line of %d bytes", len(line))
			}
			e := Parse(string(line))
			if file, _, ok := e.Read(); ok && !strings.HasPrefix(file, "/") {
				t.Errorf("%q is no file", file)
			}
			for _, text := range log.Add(e) {
				if strings.Contains(text, "\n") {
					t.Errorf("a line of several: %q", text)
				}
			}
			p := log.Progress()
			if p.Phase != Evaluating && p.Phase != Fetching && p.Phase != Building {
				t.Errorf("phase %q", p.Phase)
			}
			if p.Done < 0 || p.Expected < 0 || p.Bytes < 0 || p.ExpectedBytes < 0 || len(p.What) > maxName+len("…") {
				t.Errorf("progress %+v", p)
			}
		}
		if n, err := lines.Write(data); n != len(data) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		lines.Flush()
		if len(log.running) > maxActivities || len(log.totals) > 4 {
			t.Errorf("%d activities, %d totals", len(log.running), len(log.totals))
		}
	})
}
