// Command bench measures what devsh adds to a real fish, side by side with
// other tools that do the same, in one run: «make bench».
//
// It owns the method (docs/performance.md tells it) and the limits that devsh
// has set itself. It must not know how any of the tools does its work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// options say what to measure, and how thoroughly.
type options struct {
	devsh, direnv, mise string // programs; empty where there is none
	nixDirenv           string // a checkout of nix-direnv
	treefmt             string // a program
	tools               bool   // the rows of the toolchains alone
	rounds              int
	span                time.Duration // how long one measurement is to take
	limit               time.Duration // after which a tool hangs
	crowd               int           // how many other projects devsh is to know
	once, json          bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errMissed):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}

// errMissed says that a measure was missed; the report tells which.
var errMissed = errors.New("a measure was missed")

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "devsh-bench-")
	if err != nil {
		return err
	}
	defer removeAll(tmp)
	report, err := measure(ctx, o, tmp)
	if err != nil {
		return err
	}
	if o.json {
		err = report.writeJSON(os.Stdout)
	} else {
		err = report.writeText(os.Stdout)
	}
	if err == nil && !o.once && report.missed() {
		err = errMissed
	}
	return err
}

func parse(args []string) (options, error) {
	o := options{nixDirenv: os.Getenv("NIX_DIRENV"), treefmt: os.Getenv("TREEFMT")}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.devsh, "devsh", "bin/devsh", "the devsh to measure")
	f.StringVar(&o.direnv, "direnv", "", "a direnv to measure it against")
	f.StringVar(&o.mise, "mise", "", "a mise to measure it against")
	f.BoolVar(&o.once, "once", false, "do each thing once, to see that it works; judge nothing")
	f.BoolVar(&o.tools, "tools", false, "measure only what the toolchains do: lsp, fmt, installing")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.IntVar(&o.rounds, "rounds", 25, "measure each thing so often")
	f.DurationVar(&o.span, "span", 50*time.Millisecond, "repeat a thing for about so long in each measurement")
	f.DurationVar(&o.limit, "limit", 60*time.Second, "a tool that does not answer for so long hangs")
	f.IntVar(&o.crowd, "known", 10_000, "how many projects devsh is to know in the last rows")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.once {
		o.rounds, o.span = 1, 5*time.Millisecond
	}
	if o.rounds < 1 || f.NArg() > 0 {
		return o, fmt.Errorf("wrong usage: see --help")
	}
	return o, nil
}
