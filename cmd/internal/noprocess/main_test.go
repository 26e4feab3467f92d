package noprocess

import (
	"fmt"
	"os"
	"testing"

	"github.com/hbohlen/devsh/cmd/internal/fishtest"
)

// What is under test; TestMain sets them.
var devshBinary, realFish string

func TestMain(m *testing.M) {
	fish, err := fishtest.FindFish()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	realFish = fish
	os.Exit(fishtest.Main(m, os.Stderr, func(devsh string) { devshBinary = devsh }))
}
