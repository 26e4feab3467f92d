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
	return read(path, 0, foreign)
}

// ReadPlain is [Read] for a file that must not be a symbolic link; the error
// wraps [ErrLink] if it is one.
func ReadPlain(path string) (File, []byte, error) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		f, _ := Stat(path)
		return f, nil, fmt.Errorf("read %s: %w", path, ErrLink)
	}
	return read(path, syscall.O_NOFOLLOW, foreign)
}

// ReadOwn reads a file of the user's own making, whoever it belongs to now: one
// in the Nix store may be anybody's. It must be a regular one of a bounded size
// all the same, or devsh would wait for it. The error of a missing file wraps
// [fs.ErrNotExist].
func ReadOwn(path string) ([]byte, error) {
	f, data, err := read(path, 0, anybodys)
	switch {
	case err != nil:
		return nil, err
	case !f.Exists:
		return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	return data, nil
}

func read(path string, flags int, refused func(fs.FileInfo) bool) (File, []byte, error) {
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
	if err := check(info, refused); err != nil {
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

func check(info fs.FileInfo, refused func(fs.FileInfo) bool) error {
	switch {
	case !info.Mode().IsRegular():
		return ErrNotRegular
	case info.Size() > Limit:
		return ErrTooLarge
	case refused(info):
		return ErrOwner
	}
	return nil
}

// foreign reports whether another user than root and this one owns the file.
func foreign(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid != 0 && int(st.Uid) != os.Geteuid()
}

func anybodys(fs.FileInfo) bool { return false }

// Digest is the SHA-256 of data in hex.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
