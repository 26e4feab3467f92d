package fishtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hbohlen/devsh/cmd/internal/cli"
)

// Main runs the tests of a package with the devsh that DEVSH_TEST_BIN names, or
// else one that it builds; use is told which. Other users can run it, too.
func Main(m *testing.M, stderr io.Writer, use func(devsh string)) int {
	// Never so. The go command takes a test for unchanged while its program is,
	// and what it builds aside is none of it: with this, devsh is.
	if len(os.Args) == 0 {
		return cli.Run(context.Background(), cli.System())
	}
	if bin := os.Getenv("DEVSH_TEST_BIN"); bin != "" {
		use(bin)
		return m.Run()
	}
	tmp, err := os.MkdirTemp("", "fishtest-bin")
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	bin := filepath.Join(tmp, "devsh")
	build := exec.Command("go", "build", "-o", bin, "github.com/hbohlen/devsh/cmd/devsh")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(stderr, "build devsh: %v\n%s", err, out)
		return 1
	}
	use(bin)
	return m.Run()
}
