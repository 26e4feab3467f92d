package activation

import "errors"

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
