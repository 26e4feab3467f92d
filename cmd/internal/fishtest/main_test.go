package fishtest

import (
	"os"
	"testing"
)

// devshBinary is the devsh under test; TestMain sets it.
var devshBinary string

func TestMain(m *testing.M) {
	os.Exit(Main(m, os.Stderr, func(devsh string) { devshBinary = devsh }))
}

func newBed(t testing.TB) *Bed {
	t.Helper()
	return NewBed(t, devshBinary)
}
