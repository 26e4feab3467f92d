package activation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hbohlen/devsh/shell/atomicfile"
	"github.com/hbohlen/devsh/shell/inputs"
	"github.com/hbohlen/devsh/shell/nixenv"
	"github.com/hbohlen/devsh/shell/trust"
)

// seen is what evaluations of a place's Nix shell were seen to read beyond the
// files that the paths written in it lead to: computed imports, directories
// that are read. It lies beside the trust records, and like them outlives the
// rest of the state: it says which further files decide.
//
// The user who allows a place allows its work tree as it is, so what the first
// evaluation reads is taken for allowed with it, by the content it had then.
// From then on these files are judged before an evaluation, as all others are,
// and a file that comes up while the judged ones are the same is a change:
// nothing is taken from that evaluation before the user has allowed it.
type seen struct {
	// Decided identifies the files that were last evaluated, as far as the
	// paths written in them lead: what the user must have allowed as it is.
	Decided string
	Files   []seenFile
}

type seenFile struct {
	Path     string // relative to the place
	Deciding bool
	// Digest is the content that was allowed together with the place; empty
	// where the user must be asked.
	Digest string
}

// errUnjudged says that an evaluation read files that nobody has judged. They
// are remembered: the next look at the place judges them.
var errUnjudged = errors.New("the evaluation read files that were not looked at before")

const (
	maxLooks = 3 // at a place, while evaluations tell of more files
	maxSeen  = 500
)

func (r *Resolver) seenFile(dir string) string {
	return strings.TrimSuffix(r.trust().File(dir), ".json") + ".seen"
}

// loadSeen returns what is remembered of a place. What cannot be read counts
// as nothing.
func (r *Resolver) loadSeen(dir string) seen {
	var s seen
	if err := load(r.seenFile(dir), &s); err != nil {
		return seen{}
	}
	return s
}

func (r *Resolver) saveSeen(dir string, s seen) error {
	data, err := encode(s)
	if err == nil {
		err = atomicfile.Write(r.seenFile(dir), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("remember what %s reads: %w", dir, err)
	}
	return nil
}

func (s seen) equal(other seen) bool {
	return s.Decided == other.Decided && slices.Equal(s.Files, other.Files)
}

func (s seen) inputs(dir string) []nixenv.Input {
	var out []nixenv.Input
	for _, f := range s.Files {
		out = append(out, nixenv.Input{Path: filepath.Join(dir, f.Path), Deciding: f.Deciding})
	}
	return out
}

// vouches reports whether a file's content was allowed together with the place.
func (s seen) vouches(path string, content []byte) bool {
	return slices.ContainsFunc(s.Files, func(f seenFile) bool {
		return f.Path == path && f.Digest != "" && f.Digest == inputs.Digest(content)
	})
}

// verdict asks trust about the place. Files that were allowed together with
// the place need not be in its record.
func (r *Resolver) verdict(p *place) (trust.Verdict, error) {
	v, err := r.trust().Check(p.deciding)
	if err != nil || len(p.seen.Files) == 0 || v.State != trust.Changed && v.State != trust.Unknown {
		return v, err
	}
	added := func(path string) bool {
		return v.State == trust.Unknown || slices.ContainsFunc(v.Changes, func(c trust.Change) bool { return c.Path == path && c.Added })
	}
	less := trust.Inputs{Dir: p.deciding.Dir, Partial: p.deciding.Partial}
	for _, f := range p.deciding.Files {
		if !f.Exists || !added(f.Path) || !p.seen.vouches(f.Path, f.Content) {
			less.Files = append(less.Files, f)
		}
	}
	if len(less.Files) == len(p.deciding.Files) {
		return v, nil
	}
	return r.trust().Check(less)
}

// decided identifies the files of a source that none but the user can have
// allowed. The others are left out: when one that was allowed together with the
// place goes, no permission is needed, and none must be taken from it.
func decided(s nixenv.Source, files nixenv.Files) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", s.String())
	told := files.Extra()
	for i, in := range files.Inputs() {
		if f := files.Files[i]; f.Deciding && !slices.Contains(told, in) {
			fmt.Fprintf(h, "%q %t %x\n", f.Path, f.Present, f.Sum)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// told returns what is to be remembered of an evaluation's files. All of them
// are allowed by now.
func (p *place) told(files nixenv.Files) seen {
	s := seen{Decided: decided(*p.nix, files)}
	sums := map[string]string{}
	for i, in := range files.Inputs() {
		sums[in.Path] = hex.EncodeToString(files.Files[i].Sum[:])
	}
	for _, in := range files.Extra() {
		rel, err := filepath.Rel(p.dir, in.Path)
		if err == nil && len(s.Files) < maxSeen {
			s.Files = append(s.Files, seenFile{Path: rel, Deciding: in.Deciding, Digest: sums[in.Path]})
		}
	}
	return s
}

// unjudged decides on files that an evaluation read and that nobody judged
// before it. The error is errUnjudged where the user must be asked.
func (w *resolution) unjudged(p *place, files nixenv.Files) error {
	now := p.told(files)
	allowed := p.seen.Decided != decided(*p.nix, p.nixFiles)
	if from := p.verdict.From; from != "" {
		// Of another worktree's permission only what it has seen is part.
		other := w.loadSeen(from)
		allowed = !slices.ContainsFunc(now.Files, func(f seenFile) bool { return f.Deciding && !slices.Contains(other.Files, f) })
	} else if p.verdict.Because != "" {
		allowed = true // a tree that is trusted as a whole
	}
	if allowed {
		return nil // and what it read is remembered when all has gone well
	}
	more := p.seen
	for _, f := range now.Files {
		if !slices.ContainsFunc(more.Files, func(old seenFile) bool { return old.Path == f.Path }) {
			f.Digest = ""
			more.Files = append(slices.Clip(more.Files), f)
		}
	}
	if err := w.saveSeen(p.dir, more); err != nil {
		return err
	}
	return errUnjudged
}

// remember takes note of what an evaluation read whose result is used.
func (w *resolution) remember(p *place, files nixenv.Files) error {
	now := p.told(files)
	for _, old := range p.seen.Files {
		// What was read once may be read again: it stays judged.
		if !slices.ContainsFunc(now.Files, func(f seenFile) bool { return f.Path == old.Path }) && len(now.Files) < maxSeen {
			now.Files = append(now.Files, old)
		}
	}
	if now.equal(p.seen) {
		return nil
	}
	p.seen = now
	return w.saveSeen(p.dir, now)
}

// evaluated records the files of an evaluation as inputs. One that is another
// by now is recorded so that it is seen to have changed.
func evaluated(files nixenv.Files) []inputs.File {
	var out []inputs.File
	for i, in := range files.Inputs() {
		f, _, err := inputs.Read(in.Path)
		if err != nil {
			f, _ = inputs.Stat(in.Path)
		}
		was := files.Files[i]
		switch {
		case f.Exists && (!was.Present || f.Digest != "" && f.Digest != hex.EncodeToString(was.Sum[:])):
			f.Exists = was.Present
			f.Time = time.Time{}
		case was.Present && !f.Exists:
			f = inputs.File{Path: in.Path, Exists: true}
		}
		out = append(out, f)
	}
	return out
}
