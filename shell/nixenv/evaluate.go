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
	dir    string // of the evaluation in the state directory
	stderr *stderr
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
	if e.req.Progress == nil {
		e.req.Progress = func(string) {}
	}
	for range maxAttempts {
		if err := e.identify(); err != nil {
			return nil, err
		}
		if !req.Refresh {
			if stored := e.load(); stored != nil {
				if hook, ok := e.loadHook(stored.Shell); ok {
					return e.result(stored, hook, true), nil
				}
			}
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
	files, err := s.Files()
	if err != nil {
		return err
	}
	e.files = files
	e.key = Key(s, files, e.env["NIX_PATH"])
	e.dir = keyDir(e.req.StateDir, e.key)
	if judged := e.req.Judged; judged != nil && Key(s, *judged, e.env["NIX_PATH"]) != e.key {
		return changed(s)
	}
	return nil
}

// obtain does under the lock what is not stored yet.
func (e *evaluation) obtain(ctx context.Context) (*Result, error) {
	release, err := lock(ctx, e.dir)
	if err != nil {
		return nil, err
	}
	defer release()
	stored, cached := e.load(), true
	if stored == nil || e.req.Refresh {
		if stored, err = e.run(ctx); err != nil {
			return nil, err
		}
		cached = false
	}
	hook, ok := e.loadHook(stored.Shell)
	if !ok || e.req.Refresh {
		if hook, err = e.capture(ctx, stored.Shell); err != nil {
			return nil, err
		}
	}
	return e.result(stored, hook, cached), nil
}

// run evaluates by nix and stores the result.
func (e *evaluation) run(ctx context.Context) (*entry, error) {
	s := e.req.Source
	if s.isFlake() && s.Ref == "" && repository(s.flakeDir()) == "" {
		limit := e.req.maxTree
		if limit == 0 {
			limit = maxTreeSize
		}
		if err := checkSize(ctx, s.flakeDir(), limit); err != nil {
			return nil, err
		}
	}
	e.req.Progress("evaluating " + s.String())
	tidy(e.dir)
	out, err := e.printNear(ctx, filepath.Join(e.dir, profileName))
	if err != nil {
		return nil, e.lockless(err)
	}
	shell, err := parseDevEnv(out)
	if err != nil {
		return nil, &Error{Kind: Other, Message: "nix printed something else than an environment", Detail: err.Error(), cause: err}
	}
	if files, err := s.Files(); err != nil || Key(s, files, e.env["NIX_PATH"]) != e.key {
		return nil, errChanged
	}
	stored := &entry{Format: format, Shell: shell, Read: e.evaluated()}
	tidy(e.dir)
	if err := writeJSON(filepath.Join(e.dir, entryName), stored); err != nil {
		return nil, err
	}
	return stored, nil
}

// listen reads anew what nix writes.
func (e *evaluation) listen() { e.stderr = &stderr{log: e.req.Log, progress: e.req.Progress} }

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

// evaluated returns the files of the repository that nix said it evaluated
// and that the key does not hold, mapped back from the copy in the store.
func (e *evaluation) evaluated() []readFile {
	copied, base := e.copiedRoot()
	if copied == "" {
		return nil
	}
	seen := map[string]bool{}
	for _, f := range e.files.Files {
		seen[f.Path] = true
	}
	var out []readFile
	for _, p := range e.stderr.read {
		rel, ok := strings.CutPrefix(p, copied+"/")
		if !ok || !filepath.IsLocal(rel) {
			continue
		}
		rel = filepath.Join(base, rel)
		if seen[rel] || len(out) >= maxFiles {
			continue
		}
		seen[rel] = true
		if sum, err := e.sum(rel); err == nil {
			out = append(out, readFile{Path: raw(rel), Sum: sum})
		}
	}
	return out
}

// copiedRoot returns the directory that in the names nix uses stands for the
// directory base below the root: the root itself, or a copy in the store,
// which the flake.nix that was evaluated first lies in.
func (e *evaluation) copiedRoot() (copied, base string) {
	s := e.req.Source
	switch {
	case s.Ref != "":
		return "", ""
	case !s.isFlake():
		return e.files.Root, ""
	}
	rel := flakeFile
	base, err := filepath.Rel(e.files.Root, s.flakeDir())
	if err == nil && repository(s.flakeDir()) != "" {
		rel, base = filepath.Join(base, flakeFile), ""
	}
	for _, p := range e.stderr.read {
		if root, ok := strings.CutSuffix(p, "/"+rel); ok {
			return root, base
		}
	}
	return "", ""
}

// result puts together what the environment sets and what the hook did.
func (e *evaluation) result(stored *entry, hook *hookResult, cached bool) *Result {
	delta, skipped := filter(e.rules, stored.Shell.Exported)
	skipped = append(skipped, hook.apply(e.rules, &delta)...)
	inputs := e.files.Inputs()
	for _, r := range stored.Read {
		inputs = append(inputs, Input{Path: filepath.Join(e.files.Root, string(r.Path)), Deciding: true})
	}
	slices.SortFunc(inputs, func(a, b Input) int { return strings.Compare(a.Path, b.Path) })
	return &Result{
		Delta: delta, Inputs: inputs, Incomplete: e.files.Incomplete, Skipped: skipped,
		HookOutput: string(hook.Output), Warnings: hook.Warnings,
		Key: e.key, Profile: filepath.Join(e.dir, profileName), FromCache: cached,
	}
}
