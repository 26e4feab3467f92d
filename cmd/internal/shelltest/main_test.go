package shelltest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The devsh under test, and the same with the race detector, since goroutines
// connect the two terminals; TestMain sets them.
var devshBinary, racyBinary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if devshBinary = os.Getenv("DEVSH_TEST_BIN"); devshBinary != "" {
		racyBinary = devshBinary
		return m.Run()
	}
	tmp, err := os.MkdirTemp("", "shelltest-bin")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(tmp)
	devshBinary, racyBinary = filepath.Join(tmp, "devsh"), filepath.Join(tmp, "devsh-race")
	for _, args := range [][]string{{"-o", devshBinary}, {"-race", "-o", racyBinary}} {
		build := exec.Command("go", append(append([]string{"build"}, args...), "github.com/hbohlen/devsh/cmd/devsh")...)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build devsh: %v\n%s", err, out)
			return 1
		}
	}
	return m.Run()
}
