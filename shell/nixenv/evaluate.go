package nixenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/project"
)

const (
	defaultHookTimeout = 10 * time.Second
	maxAttempts        = 3 // evaluations while the files keep changing
)

// evaluation is one run of [Evaluate].
type evaluation struct {
	req    Request
	env    env.Env
	rules  rules
	files  Files
	key    string
	dir    string // of the key in the state directory
	slot   string // of the evaluation that is used, below it
	all    Files  // what that was made from: files, and what nix told of
	last   bool   // there is no further attempt
	reads  []readPath
	stderr *stderr
	// progress takes how far it is, and never waits.
	progress func(Progress)
}

// Evaluate returns the environment of a flake or Nix file, by nix where it is
// not stored already. It runs the project's code. Failures that a person can
// mend are [*Error]s; others name the file of devsh's own that could not be
// read or written. One evaluation of the same contents runs at a time, however
// many processes ask for it.
func Evaluate(ctx context.Context, req Request) (*Result, error) {
	rules, err := parseRules(variablesText)
	if err != nil {
		return nil, fmt.Errorf("variables.txt: %w", err)
	}
	e := &evaluation{req: req, env: env.FromList(req.Env), rules: rules}
	if e.req.HookTimeout <= 0 {
		e.req.HookTimeout = defaultHookTimeout
	}
	e.progress = func(Progress) {}
	if req.Progress != nil {
		told := startNotifier(req.Progress)
		defer told.stop()
		e.progress = told.set
	}
	for attempt := range maxAttempts {
		e.last = attempt == maxAttempts-1
		if err := e.identify(); err != nil {
			return nil, err
		}
		if !req.Refresh {
			if stored := e.load(); stored != nil {
				if err := e.judge(); err != nil {
					return nil, err
				}
				if hook, ok := e.loadHook(stored.Shell); ok {
					return e.result(stored, hook, true, false), nil
				}
			}
		}
		if req.StoredOnly {
			return nil, ErrNotStored
		}
		result, err := e.obtain(ctx)
		if !errors.Is(err, errChanged) {
			return result, err
		}
	}
	return nil, changed(req.Source)
}

func changed(s Source) error {
	return &Error{Kind: Changed, Message: "the files of " + s.String() + " changed while they were evaluated", Hint: "devsh reload"}
}

// ErrNotStored says that there is no stored result, and none was to be made.
var ErrNotStored = errors.New("not evaluated yet")

// errChanged says that what was evaluated is no longer what is there.
var errChanged = errors.New("inputs changed")

// identify finds the files and the key of the evaluation.
func (e *evaluation) identify() error {
	s := e.req.Source
	if s.Ref == "" {
		info, err := os.Stat(filepath.Join(s.Dir, s.File))
		if err != nil || !info.Mode().IsRegular() {
			return &Error{
				Kind:    NoFlake,
				Message: fmt.Sprintf("there is no file %s in %s", s.File, s.Dir),
				Hint:    "create it, or set [shell] nix in devsh.toml",
				cause:   err,
			}
		}
	}
	var extra []Input
	if e.req.Judged != nil {
		extra = e.req.Judged.Extra()
	}
	files, err := s.Files(extra...)
	if err != nil {
		return err
	}
	e.files = files
	e.key = keyOf(s, files, e.env["NIX_PATH"], e.req.Salt)
	e.dir = keyDir(e.req.StateDir, e.key)
	if judged := e.req.Judged; judged != nil && !judged.equal(files) {
		return changed(s)
	}
	return nil
}

// judge asks whether the files that only nix told of may decide.
func (e *evaluation) judge() error {
	if e.req.Unjudged == nil {
		return nil
	}
	for _, f := range e.all.Files {
		if f.Deciding && f.Present && !slices.Contains(e.files.Files, f) {
			return e.req.Unjudged(e.all)
		}
	}
	return nil
}

// obtain does under the lock what is not stored yet.
func (e *evaluation) obtain(ctx context.Context) (*Result, error) {
	lock, err := lock(ctx, e.dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	e.tidy()
	stored, cached := e.load(), true
	if stored == nil || e.req.Refresh {
		if stored, err = e.run(ctx); err != nil {
			return nil, err
		}
		cached = false
	}
	if err := e.judge(); err != nil {
		return nil, err
	}
	hook, ok := e.loadHook(stored.Shell)
	run := !ok || e.req.Refresh
	if run {
		if hook, err = e.capture(ctx, stored.Shell); err != nil {
			return nil, err
		}
	}
	return e.result(stored, hook, cached, run), nil
}

// run evaluates by nix and stores the result.
func (e *evaluation) run(ctx context.Context) (*entry, error) {
	s := e.req.Source
	if s.isFlake() && s.Ref == "" && project.WorkTree(s.flakeDir()) == "" {
		limit := e.req.maxTree
		if limit == 0 {
			limit = maxTreeSize
		}
		if err := checkSize(ctx, s.flakeDir(), limit); err != nil {
			return nil, err
		}
	}
	slot, err := e.free()
	if err != nil {
		return nil, err
	}
	out, err := e.printNear(ctx, filepath.Join(slot, profileName))
	if err != nil {
		return nil, e.lockless(err)
	}
	shell, err := parseDevEnv(out)
	if err != nil {
		return nil, &Error{Kind: Other, Message: "nix printed something else than an environment", Detail: err.Error(), cause: err}
	}
	if files, err := s.Files(e.files.Extra()...); err != nil || !files.equal(e.files) {
		return nil, errChanged
	}
	stored, err := e.note(shell)
	if err != nil {
		return nil, err
	}
	if err := writeJSON(filepath.Join(slot, entryName), stored); err != nil {
		return nil, err
	}
	e.slot = slot
	e.supersede(stored)
	return stored, nil
}

// listen reads anew what nix writes.
func (e *evaluation) listen() {
	e.stderr = newStderr(e.req.Source.String(), e.req.Log, e.progress)
	e.progress(e.stderr.nix.Progress())
}

// lockless tells a failure to fetch an input that is not locked from others:
// being online would not be what is missing.
func (e *evaluation) lockless(err error) error {
	var known *Error
	s := e.req.Source
	if !errors.As(err, &known) || known.Kind == Canceled || known.Kind == Untracked || !s.isFlake() || s.Ref != "" {
		return err
	}
	if _, statErr := os.Stat(filepath.Join(s.flakeDir(), lockFile)); statErr == nil {
		return err
	}
	if known.Kind == Offline || strings.Contains(known.Detail, "while updating the flake input") {
		known.Kind = NoLock
		known.Message, known.Hint = words(NoLock, s, "")
	}
	return known
}

// result puts together what the environment sets and what the hook did.
func (e *evaluation) result(stored *entry, hook *hookResult, cached, run bool) *Result {
	delta, skipped := filter(e.rules, stored.Shell.Exported)
	skipped = append(skipped, hook.apply(e.rules, &delta)...)
	return &Result{
		Delta: delta, Files: e.all, Skipped: skipped,
		HookOutput: string(hook.Output), Warnings: hook.Warnings,
		Key: e.key, Profile: filepath.Join(e.slot, profileName), FromCache: cached, HookRan: run,
	}
}
