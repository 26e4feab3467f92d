package main

import (
	"context"
	"errors"
	"strings"
	"time"
)

// inShell says that a shell does it, and not a program alone.
func (row row) inShell() bool { return row.step != "" || row.flake }

// before brings the shell to where the row begins.
func (s *shell) before(ctx context.Context, row row) error {
	if row.own {
		return s.do(ctx, "__bench_own")
	}
	if row.waiting {
		if err := s.bed.runDaemon(ctx, "start"); err != nil {
			return err
		}
		return s.do(ctx, "cd ~/dev/rich")
	}
	if strings.HasSuffix(row.step, "_enter") || row.flake {
		return nil
	}
	return s.do(ctx, "cd ~/dev/rich")
}

func (s *shell) after(ctx context.Context, row row) error {
	if row.own {
		return s.do(ctx, "__bench_disown")
	}
	if row.waiting {
		if err := s.bed.runDaemon(ctx, "stop"); err != nil {
			return err
		}
	}
	return s.do(ctx, "cd ~")
}

// visit changes the flake, has the shell go there and back, and returns how
// long it took until the prompt was back, or the environment there.
func (s *shell) visit(ctx context.Context, row row) (time.Duration, error) {
	if err := s.bed.change(); err != nil {
		return 0, err
	}
	s.arrived = time.Time{}
	// Really typed: a line that does more than change directory waits.
	s.begin = time.Now()
	if err := s.session.Type(" cd ~/dev/rich\r"); err != nil {
		return 0, err
	}
	back, err := s.await(ctx, "prompt")
	for err == nil && back.at.Before(s.begin) { // drawn anew, woken by what was published before
		back, err = s.await(ctx, "prompt")
	}
	for err == nil && s.bed.nix && s.arrived.IsZero() {
		_, err = s.await(ctx, "arrived")
	}
	took := back.at.Sub(s.begin)
	if row.arrival {
		took = s.arrived.Sub(s.begin)
	}
	if err != nil {
		return took, err
	}
	return took, errors.Join(s.sync(ctx), s.do(ctx, "cd ~"))
}

// sync waits for a prompt of a line of its own: one that was drawn anew when
// the environment came is not the next one.
func (s *shell) sync(ctx context.Context) error {
	if err := s.session.Type(" __bench_tell synced\r"); err != nil {
		return err
	}
	_, err := s.await(ctx, "synced")
	if err == nil {
		_, err = s.await(ctx, "prompt")
	}
	return err
}

// change changes the flake while the shell waits in its project, and returns
// how long it took until the environment was there.
func (s *shell) change(ctx context.Context) (time.Duration, error) {
	s.arrived = time.Time{}
	if len(s.bed.daemon) == 0 {
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-time.After(1100 * time.Millisecond): // direnv tells times by the second
		}
	}
	begin := time.Now()
	if err := s.bed.change(); err != nil {
		return 0, err
	}
	if len(s.bed.daemon) == 0 {
		if err := s.session.Type("\r"); err != nil {
			return 0, err
		}
	}
	for s.arrived.IsZero() {
		if _, err := s.await(ctx, "arrived"); err != nil {
			return 0, err
		}
	}
	return s.arrived.Sub(begin), s.sync(ctx)
}

// runDaemon starts or stops the tool's daemon, if it has one.
func (b *bed) runDaemon(ctx context.Context, verb string) error {
	if len(b.daemon) == 0 {
		return nil
	}
	_, err := b.run(ctx, append(b.daemon[:len(b.daemon):len(b.daemon)], verb)...)
	return err
}
