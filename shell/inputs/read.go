package inputs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Limit is the largest file that is read, in bytes.
const Limit = 1 << 20

// Errors that say why a file is not read.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = fmt.Errorf("larger than %d bytes", Limit)
	ErrOwner      = errors.New("owned by another user")
	ErrLink       = errors.New("a symbolic link, which is not followed here")
	ErrOutside    = errors.New("a link on the way leads out of the directory")
)

// File is an input as it was when it was read. The zero time and an empty
// digest stand for a file that did not exist.
type File struct {
	Path   string
	Exists bool
	Size   int64
	Inode  uint64
	Time   time.Time // of the last modification, with nanoseconds
	Target string    // where the path led to, if that is another path
	Digest string    // SHA-256 of the content, in hex; empty if not read
	// Dir inputs are directories: they change when entries come and go.
	Dir bool
	// Plain inputs are directories of which only matters that they are no link.
	Plain bool
}

// Same reports whether the file still looks as recorded: existence, target,
// size, inode and time.
func (f File) Same() bool {
	if f.Plain {
		info, err := os.Lstat(f.Path)
		return err == nil && info.Mode()&fs.ModeSymlink == 0
	}
	now, err := Stat(f.Path)
	if err != nil {
		return false
	}
	return now.Exists == f.Exists && now.Target == f.Target && now.Inode == f.Inode && now.Time.Equal(f.Time) && (f.Dir || now.Size == f.Size)
}

// Stat records a file without reading it. A missing file is no error.
func Stat(path string) (File, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return File{Path: path}, nil
	}
	if err != nil {
		return File{Path: path}, err
	}
	return record(path, info), nil
}

func record(path string, info fs.FileInfo) File {
	f := File{Path: path, Exists: true, Size: info.Size(), Time: info.ModTime(), Dir: info.IsDir()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		f.Inode = st.Ino
	}
	if link, err := os.Lstat(path); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		f.Target, _ = filepath.EvalSymlinks(path)
	}
	return f
}

// Read reads a file and records it as it was when it was opened. A missing
// file is no error: Exists tells. The error wraps [ErrNotRegular],
// [ErrTooLarge] or [ErrOwner] where one of these is the reason; the record is
// valid then, too.
func Read(path string) (File, []byte, error) {
	return read(path, 0, func(_ *os.File, info fs.FileInfo) error { return foreign(info) })
}

// ReadPlain is [Read] for a file below a directory, both with no link in their
// names but those that stay below it. The error wraps [ErrLink] if the file is a
// link itself, and [ErrOutside] if it lies elsewhere.
func ReadPlain(dir, name string) (File, []byte, error) {
	path := filepath.Join(dir, name)
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		f, _ := Stat(path)
		return f, nil, fmt.Errorf("read %s: %w", path, ErrLink)
	}
	return read(path, syscall.O_NOFOLLOW, func(h *os.File, info fs.FileInfo) error {
		return errors.Join(outside(h, dir), foreign(info))
	})
}

// outside is an error where an open file does not lie below a directory. The
// file that was opened is asked, since its name may lead elsewhere by now.
func outside(h *os.File, dir string) error {
	where, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", h.Fd()))
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(dir, where); err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("%w, to %s", ErrOutside, where)
	}
	return nil
}

// ReadOwn reads a file of the user's own making, whoever it belongs to now: one
// in the Nix store may be anybody's. It must be a regular one of a bounded size
// all the same, or devsh would wait for it. The error of a missing file wraps
// [fs.ErrNotExist].
func ReadOwn(path string) ([]byte, error) {
	f, data, err := read(path, 0, func(*os.File, fs.FileInfo) error { return nil })
	switch {
	case err != nil:
		return nil, err
	case !f.Exists:
		return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	return data, nil
}

func read(path string, flags int, refuse func(*os.File, fs.FileInfo) error) (File, []byte, error) {
	// O_NONBLOCK: opening a FIFO must not wait for a writer.
	h, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY|flags, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return File{Path: path}, nil, nil
	}
	if err != nil {
		f, _ := Stat(path)
		return f, nil, err
	}
	defer h.Close()
	info, err := h.Stat()
	if err != nil {
		return File{Path: path}, nil, err
	}
	f := record(path, info)
	err = check(info)
	if err == nil {
		err = refuse(h, info)
	}
	if err != nil {
		return f, nil, fmt.Errorf("read %s: %w", path, err)
	}
	if info.Size() == 0 {
		// Those of /proc only look so: /proc/kmsg would let one wait, and lose
		// what was read.
		f.Digest = Digest(nil)
		return f, []byte{}, nil
	}
	data, err := io.ReadAll(io.LimitReader(h, Limit+1))
	if err != nil {
		return f, nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(data) > Limit {
		return f, nil, fmt.Errorf("read %s: %w", path, ErrTooLarge)
	}
	f.Digest = Digest(data)
	return f, data, nil
}

func check(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return ErrNotRegular
	case info.Size() > Limit:
		return ErrTooLarge
	}
	return nil
}

// foreign is an error where another user than root and this one owns the file.
func foreign(info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return ErrOwner
	}
	return nil
}

// Digest is the SHA-256 of data in hex.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
