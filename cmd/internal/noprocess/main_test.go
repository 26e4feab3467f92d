package noprocess

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
)

// What is under test; TestMain sets them.
var devshBinary, realFish string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	fish, err := fishtest.FindFish()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	realFish = fish
	if devshBinary = os.Getenv("DEVSH_TEST_BIN"); devshBinary != "" {
		return m.Run()
	}
	tmp, err := os.MkdirTemp("", "noprocess-bin")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(tmp)
	devshBinary = filepath.Join(tmp, "devsh")
	build := exec.Command("go", "build", "-o", devshBinary, "github.com/hbohlen/devsh/cmd/devsh")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build devsh: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
