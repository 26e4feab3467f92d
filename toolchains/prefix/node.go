package prefix

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/hbohlen/devsh/shell/program"
	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

const askNode = `console.log(JSON.stringify({exec: process.execPath, version: process.version, abi: process.versions.modules}))`

// askLimit is how long node or npm may take to say something.
const askLimit = 30 * time.Second

var digits = regexp.MustCompile(`^[0-9]{1,6}$`)

// said is what node and npm said, and of which programs that holds.
type said struct {
	Node, NPM, Real     stamp
	Exec, Version, ABI  string
	Globalconfig        string
	GlobalconfigUnknown bool
}

// stamp is a program as it was when it was asked.
type stamp struct {
	Path string // with links resolved, "" where there is none
	Size int64
	Time int64 // nanoseconds
}

func stampOf(path string) stamp {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return stamp{}
	}
	info, err := os.Stat(real)
	if err != nil {
		return stamp{}
	}
	return stamp{real, info.Size(), info.ModTime().UnixNano()}
}

// node is the node that is on PATH, nil if there is none or it does not run.
func (p *Prefixes) node(ctx context.Context, npm string) (*plan.Node, error) {
	found := program.Find(p.path(), "node")
	if found == "" {
		return nil, ctx.Err()
	}
	node, npmAt := stampOf(found), stampOf(npm)
	s, ok := p.recall(node, npmAt)
	if !ok {
		var err error
		if s, err = p.ask(ctx, found, npm); err != nil {
			return nil, ctx.Err() // such a node runs no program either
		}
		s.Node, s.NPM, s.Real = node, npmAt, stampOf(s.Exec)
		p.remember(s)
	}
	return &plan.Node{Path: stable(found, s.Exec, nixStore), Exec: s.Exec, Version: s.Version, ABI: s.ABI, Globalconfig: s.Globalconfig}, nil
}

const nixStore = "/nix/store"

// stable is the name by which a node is run from wrappers. It is the file itself,
// which no change of a link turns into another node; but in nix's store, where
// that would be gone with the next garbage, what leads there.
func stable(found, exec, store string) string {
	real, err := filepath.EvalSymlinks(found)
	if strings.HasPrefix(exec, store+"/") && err == nil && real == exec {
		return found
	}
	return exec
}

// ask starts node and npm. What they say must not depend on the user's settings,
// which are judged later.
func (p *Prefixes) ask(ctx context.Context, node, npm string) (said, error) {
	var s said
	environ := install.Host{Environ: p.Environ}.Keep(func(string) bool { return false }, nil)
	environ["PATH"] = p.path()
	out, err := install.Command{Doing: "ask node for its version", Path: node, Args: []string{"-e", askNode}, Dir: "/", Env: environ, Limit: askLimit}.Run(ctx)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(out, &s); err != nil || !filepath.IsAbs(s.Exec) || !digits.MatchString(s.ABI) {
		return s, fmt.Errorf("ask node for its version: it says %.80q", out)
	}
	if npm == "" {
		return s, nil
	}
	environ["PATH"] = filepath.Dir(s.Exec) + ":" + p.path()
	environ["npm_config_userconfig"] = os.DevNull
	out, err = install.Command{
		Doing: "ask npm where the site's settings are", Path: npm, Args: []string{"config", "get", "globalconfig", "--no-update-notifier", "--loglevel=error"},
		Dir: "/", Env: environ, Limit: askLimit,
	}.Run(ctx)
	if at := strings.TrimSpace(string(out)); err == nil && filepath.IsAbs(at) && !strings.Contains(at, "\n") {
		s.Globalconfig = at
	} else {
		s.GlobalconfigUnknown = true
	}
	return s, ctx.Err()
}

// recall is what was said by programs that are still the same.
func (p *Prefixes) recall(node, npm stamp) (said, bool) {
	var s said
	if p.Memory == "" || node.Path == "" {
		return s, false
	}
	data, err := os.ReadFile(p.memory(node, npm))
	if err != nil || json.Unmarshal(data, &s) != nil {
		return s, false
	}
	same := s.Node == node && s.NPM == npm && s.Real == stampOf(s.Exec) && digits.MatchString(s.ABI) && filepath.IsAbs(s.Exec)
	shim := s.Exec != node.Path
	return s, same && !(p.Fresh && shim)
}

// remember keeps what was said; where that fails, it is asked again.
func (p *Prefixes) remember(s said) {
	if p.Memory == "" || s.GlobalconfigUnknown {
		return
	}
	data, err := json.Marshal(s)
	if err == nil && os.MkdirAll(p.Memory, 0o700) == nil {
		_ = p.Write(p.memory(s.Node, s.NPM), data, 0o600)
	}
}

func (p *Prefixes) memory(node, npm stamp) string {
	sum := sha256.Sum256([]byte(node.Path + "\x00" + npm.Path))
	return filepath.Join(p.Memory, hex.EncodeToString(sum[:10])+".json")
}
