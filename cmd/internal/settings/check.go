package settings

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hbohlen/devsh/shell/activation"
	"github.com/hbohlen/devsh/shell/manifest"
)

// maxTimeout bounds how long a shellHook may keep somebody waiting.
const maxTimeout = time.Hour

// checkRoot makes a root absolute and refuses trees that hold more than any
// user means: the file system, and what holds the home directory.
func checkRoot(text, home string) (string, *problem) {
	root := text
	if root == "~" || strings.HasPrefix(root, "~/") {
		root = home + root[1:]
	}
	if !filepath.IsAbs(root) {
		return "", &problem{fmt.Sprintf("%.200q is not absolute", text), "write an absolute path, or one that begins with ~/"}
	}
	if strings.ContainsRune(root, 0) || len(root) > 4096 {
		return "", &problem{fmt.Sprintf("%.200q is not a path", text), ""}
	}
	root, home = filepath.Clean(root), filepath.Clean(home)
	if root == "/" || strings.HasPrefix(home, root+"/") {
		return "", &problem{fmt.Sprintf("%q holds the whole home directory or more", root), "name the directory that your projects are in, ~/dev for instance"}
	}
	return root, nil
}

func checkMessage(text, _ string) (string, *problem) {
	return oneOf(text, string(Quiet), string(Normal), string(Verbose))
}

func checkMissing(text, _ string) (string, *problem) {
	return oneOf(text, activation.MissingQuiet, activation.MissingTell, activation.MissingInstall)
}

func checkLayer(text, _ string) (string, *problem) {
	return oneOf(strings.TrimSpace(text), activation.LayerDefault, activation.LayerTools, activation.LayerNix, activation.LayerManifest)
}

func oneOf(text string, known ...string) (string, *problem) {
	if slices.Contains(known, text) {
		return text, nil
	}
	p := &problem{fmt.Sprintf("%.80q is none of %s", text, strings.Join(known, ", ")), ""}
	if near := manifest.Nearest(text, known); near != "" {
		p.hint = fmt.Sprintf("did you mean %q?", near)
	}
	return "", p
}

func checkTimeout(text, _ string) (string, *problem) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return "", &problem{fmt.Sprintf("%.80q is not a duration", text), `write it with its unit: "30s", "2m"`}
	}
	if d <= 0 || d > maxTimeout {
		return "", &problem{fmt.Sprintf("%s is not between 0 and %s", d, maxTimeout), ""}
	}
	return d.String(), nil
}

func checkFlake(text, home string) (string, *problem) {
	if text == "" || len(text) > 1024 || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f }) ||
		strings.ContainsRune("-.#?", rune(text[0])) || text[0] == '~' && !strings.HasPrefix(text, "~/") {
		return "", &problem{fmt.Sprintf("%.80q is not a flake reference that means the same everywhere", text),
			`write one like "~/dotfiles#dev" or "github:owner/repository#dev"`}
	}
	if text[0] == '~' {
		text = filepath.Clean(home) + text[1:]
	}
	return text, nil
}

func checkNixpkgs(text, home string) (string, *problem) {
	if strings.Contains(text, "#") {
		return "", &problem{fmt.Sprintf("%.80q names something in a flake", text), `write the flake alone: "github:NixOS/nixpkgs/nixos-unstable"`}
	}
	return checkFlake(text, home)
}
