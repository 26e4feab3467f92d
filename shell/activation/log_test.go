package activation

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/shell/nixenv/nixtest"
)

// TestLog: what is good ends the log of a failure, also where nothing is said of
// it, since it is stored; while all stays well, so does the log.
func TestLog(t *testing.T) {
	t.Parallel()
	b := newNixBed(t)
	place := b.Store.Place(b.dev + "/p")
	log := func() string {
		text, err := os.ReadFile(place.Log())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text)
	}
	b.flake("p", nixtest.Shell{Vars: map[string]string{"A": "1"}}, nil)
	good, err := os.ReadFile(b.dev + "/p/flake.nix")
	if err != nil {
		t.Fatal(err)
	}
	b.check("at first", "p", "A", "1", 1)
	b.write("p/flake.nix", "{ outputs = _: throw \"no such shell\"; }")
	b.allow("p")
	if b.resolve("p"); !strings.Contains(log(), "no such shell") {
		t.Fatalf("a failure: %q", log())
	}
	b.write("p/flake.nix", string(good))
	b.allow("p")
	b.check("what was there before", "p", "A", "1", 0)
	if strings.Contains(log(), "no such shell") {
		t.Errorf("a failure is followed by what was good before, and the log says %q", log())
	}
	const said = "what it said\n"
	if err := os.WriteFile(place.Log(), []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Settings.Digest = "other"
	b.check("the same once more", "p", "A", "1", 0)
	if log() != said {
		t.Errorf("then the log says %q", log())
	}
}
