package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hbohlen/devsh/cmd/internal/settings"
	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/env"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/render"
)

// world is what most commands need: whose files, which settings, what is active.
type world struct {
	settings *settings.Settings
	resolver *activation.Resolver
	// base is the environment without what devsh made active in it.
	base env.Env
}

// world reads the settings with the flags and variables that change them for
// this one process.
func (a *app) world() (*world, error) {
	base := a.leave()
	return a.worldWith(base, func(name string) string { return base[name] }, settings.Flags{Roots: a.flags.roots, LayersOff: a.flags.layersOff})
}

// shellsWorld reads the settings that all shells share: those of the file.
func (a *app) shellsWorld() (*world, error) {
	return a.worldWith(a.leave(), nil, settings.Flags{})
}

// worldWith reads the settings. HOME and the XDG directories are those of the user,
// also inside a project that sets them otherwise.
func (a *app) worldWith(base env.Env, getenv func(string) string, flags settings.Flags) (*world, error) {
	home := base["HOME"]
	if !filepath.IsAbs(home) {
		return nil, hinted(fmt.Errorf("HOME is %q, not an absolute directory", home), "set HOME to your home directory")
	}
	stateHome := xdg(base, "XDG_STATE_HOME", filepath.Join(home, ".local/state"))
	options := settings.Options{
		Home: home, ConfigHome: xdg(base, "XDG_CONFIG_HOME", filepath.Join(home, ".config")),
		Getenv: getenv, Flags: flags,
	}
	var files []inputs.File
	options.ReadFile = func(path string) ([]byte, error) {
		// Before it is read: what changes from here on must be seen as a change.
		if f, err := inputs.Stat(path); err == nil {
			files = append(files, f)
		}
		return inputs.ReadOwn(path)
	}
	s, err := settings.Load(options)
	if wrong, ok := errors.AsType[*settings.SourceError](err); ok && strings.HasPrefix(wrong.Source, "--") {
		return nil, usageHint(err, wrong.Hint)
	}
	if err != nil {
		return nil, err
	}
	r := &activation.Resolver{
		Store: activation.NewStore(stateHome),
		Settings: activation.Settings{
			Digest: settingsDigest(s),
			Files:  files, Roots: s.Roots, TrustedTrees: s.TrustedRoots, LayersOff: s.LayersOff,
			DefaultFlake: s.Default.Flake, Default: s.Default.Manifest, Verbose: s.Message == settings.Verbose, HookTimeout: s.ShellHookTimeout,
			Apart: len(s.Apart) > 0, Missing: s.Missing,
		},
		Home: home, Env: base.List(), Now: a.Now, Parent: a.Parent, Runtime: base["XDG_RUNTIME_DIR"],
		Warn: func(line string) {
			a.endProgress()
			fmt.Fprintln(a.Stderr, render.Visible(line))
		},
	}
	r.Progress = a.showProgress
	w := &world{settings: s, resolver: r, base: base}
	r.Tools = toolLayers{w}
	return w, nil
}

// settingsDigest identifies what the settings came out as, wherever each of
// them comes from.
func settingsDigest(s *settings.Settings) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q %q %v %s", s.Digest, s.Roots, s.TrustedRoots, s.LayersOff, s.ShellHookTimeout))
	return hex.EncodeToString(sum[:8])
}

// leave returns the environment without the generation that is active in it.
// A project cannot lead devsh astray: it cannot set DEVSH_*, and a generation
// counts only if it lies in a state directory of the user's own.
func (a *app) leave() env.Env {
	var d env.Delta // else nothing but marks that mean nothing
	if active, ok := activation.ParseActive(a.env[env.GenerationVar]); ok {
		if known, err := active.Store.Place(active.Project).Delta(active.Generation); err == nil {
			d = known
		}
	}
	return env.Leave(a.env, d)
}

// xdg returns one of the base directories; relative ones do not count, as the
// specification says.
func xdg(e env.Env, name, otherwise string) string {
	if dir := e[name]; filepath.IsAbs(dir) {
		return dir
	}
	return otherwise
}

// directory is the one that a command is about: the flag or argument if it is
// given, else the working directory.
func (a *app) directory(given string) (string, error) {
	if filepath.IsAbs(given) {
		return filepath.Clean(given), nil
	}
	wd, err := a.Getwd()
	if err != nil {
		return "", hinted(fmt.Errorf("find the working directory: %w", err), "cd to a directory that exists")
	}
	return filepath.Join(wd, given), nil
}

// at is the directory that a command is about, and the world it is in.
func (a *app) at(given string) (string, *world, error) {
	dir, err := a.directory(given)
	if err != nil {
		return "", nil, err
	}
	w, err := a.world()
	return dir, w, err
}

// tell says what the entry has to tell, if anything, and leaves a note for the
// shell that this was started from, which would say it once more.
func (a *app) tell(w *world, e *activation.Entry) {
	if e.State == activation.OK || e.Note == "" {
		return
	}
	fmt.Fprintln(a.Stderr, a.note(e))
	_ = w.resolver.Store.Told(a.Parent, e) // said twice is no harm
}
