package trust

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hbohlen/devsh/shell/project"
)

// worktree returns another worktree's directory of the same repository whose
// record allows exactly these inputs, or "". Git's link from the worktree to
// the repository must be answered by the repository's link back: a .git file
// alone can be forged by whoever made the directory.
func (s *Store) worktree(in Inputs) string {
	top := project.WorkTree(in.Dir)
	if top == "" {
		return ""
	}
	rel, err := filepath.Rel(top, in.Dir)
	if err != nil {
		return ""
	}
	common, ok := commonDir(top)
	if !ok {
		return ""
	}
	for _, other := range worktrees(common) {
		if other == top {
			continue
		}
		// The other must say so itself: a made up repository can name anybody's
		// directory as a worktree of its own.
		if theirs, ok := commonDir(other); !ok || theirs != common {
			continue
		}
		dir := filepath.Join(other, rel)
		rec, err := s.load(dir)
		if err != nil || rec == nil || rec.State != Allowed {
			continue
		}
		if len(rec.compare(in, s.Risky)) == 0 {
			return dir
		}
	}
	return ""
}

// commonDir returns the repository of a working tree: its .git directory, or
// where the .git file of a linked worktree leads, if that links back.
func commonDir(top string) (string, bool) {
	dotGit := filepath.Join(top, ".git")
	info, err := os.Lstat(dotGit)
	if err != nil || !owned(info) {
		return "", false
	}
	if info.IsDir() {
		return dotGit, true
	}
	gitDir, ok := strings.CutPrefix(readLine(dotGit), "gitdir: ")
	if !ok {
		return "", false
	}
	if !filepath.IsAbs(gitDir) {
		gitDir = filepath.Join(top, gitDir)
	}
	back, err := filepath.EvalSymlinks(readLine(filepath.Join(gitDir, "gitdir")))
	if err != nil || back != dotGit {
		return "", false
	}
	common := readLine(filepath.Join(gitDir, "commondir"))
	if common == "" {
		return "", false
	}
	if !filepath.IsAbs(common) {
		common = filepath.Join(gitDir, common)
	}
	// The back-link counts only where the repository itself keeps it.
	if filepath.Dir(filepath.Dir(filepath.Clean(gitDir))) != common {
		return "", false
	}
	if common, err = filepath.EvalSymlinks(common); err != nil {
		return "", false
	}
	info, err = os.Stat(common)
	return common, err == nil && info.IsDir() && owned(info)
}

// worktrees lists the working trees of a repository, the main one first.
func worktrees(common string) []string {
	var tops []string
	if filepath.Base(common) == ".git" {
		tops = append(tops, filepath.Dir(common))
	}
	entries, err := os.ReadDir(filepath.Join(common, "worktrees"))
	if err != nil {
		return tops
	}
	for _, e := range entries {
		dotGit := readLine(filepath.Join(common, "worktrees", e.Name(), "gitdir"))
		if filepath.Base(dotGit) != ".git" {
			continue
		}
		if top, err := filepath.EvalSymlinks(filepath.Dir(dotGit)); err == nil {
			tops = append(tops, top)
		}
	}
	return tops
}

// readLine returns the first line of one of git's small files, or "".
func readLine(file string) string {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<16 {
		return ""
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return line
}

func owned(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
