package activation

import (
	"errors"
	"slices"

	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/trust"
)

// errOutjudged says that the user has allowed or denied meanwhile what was
// judged at the beginning.
var errOutjudged = errors.New("judged otherwise meanwhile")

// outjudged returns errOutjudged where the user has decided since all was
// judged: an evaluation can take long.
func (w *resolution) outjudged() error {
	for _, p := range w.judged {
		if v, err := w.verdict(p); err == nil && v.State != p.verdict.State {
			return errOutjudged
		}
	}
	return nil
}

// mayHook says whether a project's shellHook may still be run, now that nix is
// done: unlike nix's builders, it is in no sandbox. The error is errOutjudged
// where the user has decided since all was judged, or what was judged changed.
func (w *resolution) mayHook() error {
	for _, p := range w.judged {
		if now, err := w.examine(p.dir); err != nil || now.verdict.State != p.verdict.State {
			return errOutjudged
		}
		if p.verdict.Because != "" && w.Settings.changed() { // a tree may be trusted no longer
			return &nixenv.Error{Kind: nixenv.Changed, Message: "the settings changed while it was evaluated", Hint: "devsh reload"}
		}
	}
	return nil
}

// overtaken reports whether the user has decided otherwise, while what came of it
// was computed.
func overtaken(e *Entry) bool {
	return slices.ContainsFunc(e.Inputs, func(f inputs.File) bool { return trust.IsRecord(f.Path) && !f.Same() })
}
