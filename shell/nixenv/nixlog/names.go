package nixlog

import (
	"path"
	"strings"
)

// storeName returns the name part of a store path.
func storeName(p string) string {
	base := strings.TrimSuffix(path.Base(p), ".drv")
	if hash, name, ok := strings.Cut(base, "-"); ok && len(hash) == 32 {
		return name
	}
	return base
}

// packageName returns a derivation's name without its version, which begins at
// the first dash that no letter follows. Nix marks a builder's lines so.
func packageName(name string) string {
	for i := 0; i+1 < len(name); i++ {
		if c := name[i+1] | 0x20; name[i] == '-' && (c < 'a' || c > 'z') {
			return name[:i]
		}
	}
	return name
}

// location shortens a URL, and keeps user and query, which may hold a secret,
// out of it.
func location(raw string) string {
	rest, _, _ := strings.Cut(raw, "?")
	rest, _, _ = strings.Cut(rest, "#")
	if scheme, after, ok := strings.Cut(rest, ":"); ok && !strings.ContainsAny(scheme, "/@") {
		rest = strings.TrimPrefix(after, "//")
	}
	first, _, _ := strings.Cut(rest, "/")
	if rest = rest[strings.LastIndexByte(first, '@')+1:]; rest == "" {
		return "an input"
	}
	return rest
}

// host returns the first part of a location.
func host(location string) string {
	name, _, _ := strings.Cut(location, "/")
	if name == "" {
		return location
	}
	return name
}
