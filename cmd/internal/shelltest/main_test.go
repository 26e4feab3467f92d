package shelltest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// devshBinary is the devsh under test; TestMain sets it.
var devshBinary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if devshBinary = os.Getenv("DEVSH_TEST_BIN"); devshBinary != "" {
		return m.Run()
	}
	tmp, err := os.MkdirTemp("", "shelltest-bin")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(tmp)
	devshBinary = filepath.Join(tmp, "devsh")
	// With the race detector: the two terminals are connected by goroutines.
	build := exec.Command("go", "build", "-race", "-o", devshBinary, "github.com/hbohlen/devsh/cmd/devsh")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build devsh: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
