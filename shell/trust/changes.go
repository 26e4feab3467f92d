package trust

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/hbohlen/devsh/shell/inputs"
)

// Change is one file that is not as it was allowed.
type Change struct {
	Path           string
	Added, Removed bool   // the file itself
	Old, New       []byte // contents; none of an [env] file
	Env            *EnvChange
}

// EnvChange is what changed in an [env] file: names only, since values may be
// secrets. The names are sorted.
type EnvChange struct {
	Added, Removed, Changed []string
	// Unreadable says why it cannot be read as variables now.
	Unreadable string
	// WasUnreadable says that it could not when it was allowed: then all its
	// variables count as added.
	WasUnreadable bool
}

func (r *record) compare(in Inputs, risky func(string) bool) []Change {
	salt, _ := hex.DecodeString(r.Salt)
	was := map[string]recordFile{}
	for _, f := range r.Files {
		was[f.Path] = f
	}
	var changes []Change
	for _, f := range in.sorted() {
		old, known := was[encode(f.Path)]
		delete(was, encode(f.Path))
		c := Change{Path: f.Path, Added: f.Exists && !old.Exists, Removed: !f.Exists && old.Exists}
		switch {
		case f.EnvFile && (old.EnvFile || !known):
			c.Env = compareEnv(old, f, salt)
			if c.Env.matters(risky) {
				changes = append(changes, c)
			}
		case !known && f.Exists, known && (old.Exists != f.Exists || old.Digest != inputs.Digest(f.Content)):
			c.Old, c.New = old.Content, f.Content
			changes = append(changes, c)
		}
	}
	if in.Partial {
		return changes
	}
	for _, f := range r.Files {
		if _, left := was[f.Path]; left && f.Exists && !f.EnvFile {
			changes = append(changes, Change{Path: decode(f.Path), Old: f.Content, Removed: true})
		}
	}
	return changes
}

func compareEnv(old recordFile, f File, salt []byte) *EnvChange {
	c := &EnvChange{Unreadable: f.Unreadable, WasUnreadable: old.Unreadable}
	if c.Unreadable != "" {
		return c // which of its variables went, nobody can say
	}
	now := keyed(salt, f.Vars)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if was, known := old.Vars[name]; !known {
			c.Added = append(c.Added, name)
		} else if was != now[name] {
			c.Changed = append(c.Changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old.Vars)) {
		if _, left := now[name]; !left {
			c.Removed = append(c.Removed, name)
		}
	}
	return c
}

// matters reports whether the change needs a new permission: it touches a
// variable that can make code run, or nobody could see what it was.
func (c *EnvChange) matters(risky func(string) bool) bool {
	return (c.Unreadable != "") != c.WasUnreadable ||
		slices.ContainsFunc(slices.Concat(c.Added, c.Removed, c.Changed), risky)
}

func keyed(salt []byte, vars map[string]string) map[string]string {
	out := make(map[string]string, len(vars))
	for name, value := range vars {
		m := hmac.New(sha256.New, salt)
		m.Write([]byte(value))
		out[name] = hex.EncodeToString(m.Sum(nil))
	}
	return out
}
