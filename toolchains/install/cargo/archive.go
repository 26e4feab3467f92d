package cargo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// maxUnpacked is how much a crate may hold.
const maxUnpacked = 512 << 20

// archive is what is in a crate: the text of its files, by name.
type archive map[string]string

func (a archive) has(name string) bool { _, ok := a[name]; return ok }

// unpack reads a crate. What would tell cargo or rustup how to build it is left
// out: cargo looks at that where it builds a directory, and not in what comes
// from a registry.
func unpack(data []byte) (archive, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpack the crate: %w", err)
	}
	a, room := archive{}, int64(maxUnpacked)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack the crate: %w", err)
		}
		_, name, ok := strings.Cut(h.Name, "/") // all is in NAME-VERSION/
		if h.Typeflag != tar.TypeReg || !ok {
			continue
		}
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("unpack the crate: %q leads out of it", h.Name)
		}
		if room -= h.Size; room < 0 {
			return nil, fmt.Errorf("unpack the crate: it is larger than %d MiB", maxUnpacked>>20)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("unpack the crate: %w", err)
		}
		if name = filepath.Clean(name); !strings.HasPrefix(name, ".cargo/") && name != "rust-toolchain" && name != "rust-toolchain.toml" {
			a[name] = string(text)
		}
	}
}

func sha256Of(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
