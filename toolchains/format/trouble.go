package format

import (
	"errors"
	"fmt"
	"sync"
)

// A formatter whose configuration is broken fails on every file. To find that
// out file by file would be two processes for each of thousands.
const (
	// A formatter that never succeeded and failed on so many single files is in
	// trouble: batches that it fails on are halved no more.
	manyFailures = 8
	// After as many such batches more nothing is tried at all. In between are
	// those for whom it was only the first files that are broken.
	allFailures = 2 * manyFailures
)

// ErrUntried says that a file was not given to a formatter, since that failed
// on all that were.
var ErrUntried = errors.New("not tried, since it failed on all that were")

// troubles counts how often each formatter failed before it ever succeeded.
type troubles struct {
	mu       sync.Mutex
	failures map[*Formatter]int
	fine     map[*Formatter]bool
}

func newTroubles() *troubles {
	return &troubles{failures: map[*Formatter]int{}, fine: map[*Formatter]bool{}}
}

func (t *troubles) succeeded(f *Formatter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fine[f] = true
}

func (t *troubles) failed(f *Formatter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures[f]++
}

// reached reports whether a formatter failed so often, and never succeeded.
func (t *troubles) reached(f *Formatter, failures int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.fine[f] && t.failures[f] >= failures
}

// untried leaves files alone that no formatter saw.
func untried(files []*file) {
	for _, f := range files {
		f.fail(fmt.Errorf("%s: %w", f.formatter.Name, ErrUntried))
	}
}
