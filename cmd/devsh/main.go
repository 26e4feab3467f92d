// Command devsh activates the dev shells of projects; see the README.
package main

import (
	"context"
	"os"

	"github.com/hbohlen/devsh/cmd/internal/cli"
)

func main() {
	os.Exit(cli.Run(context.Background(), cli.System()))
}
