package activation

import (
	"errors"
	"slices"

	"github.com/hbohlen/devsh/shell/inputs"
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

// overtaken reports whether the user has decided otherwise, while what came of it
// was computed.
func overtaken(e *Entry) bool {
	return slices.ContainsFunc(e.Inputs, func(f inputs.File) bool { return trust.IsRecord(f.Path) && !f.Same() })
}
