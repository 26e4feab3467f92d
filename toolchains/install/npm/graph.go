package npm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hbohlen/devsh/toolchains/install"
	"github.com/hbohlen/devsh/toolchains/lockfile"
)

// The files that make a directory a project of npm's.
const (
	projectName = "package.json"
	lockName    = "package-lock.json"
)

// packageLock is a package-lock.json.
type packageLock struct {
	Version  int                 `json:"lockfileVersion"`
	Requires bool                `json:"requires"`
	Packages map[string]*npmNode `json:"packages"`
}

// npmNode is one package in it.
type npmNode struct {
	Name                 string                `json:"name,omitempty"`
	Version              string                `json:"version,omitempty"`
	Resolved             string                `json:"resolved,omitempty"`
	Integrity            string                `json:"integrity,omitempty"`
	Link                 bool                  `json:"link,omitempty"`
	Optional             bool                  `json:"optional,omitempty"`
	InBundle             bool                  `json:"inBundle,omitempty"`
	HasInstallScript     bool                  `json:"hasInstallScript,omitempty"`
	OS                   list                  `json:"os,omitempty"`
	CPU                  list                  `json:"cpu,omitempty"`
	Libc                 list                  `json:"libc,omitempty"`
	Bin                  map[string]string     `json:"bin,omitempty"`
	Dependencies         map[string]string     `json:"dependencies,omitempty"`
	OptionalDependencies map[string]string     `json:"optionalDependencies,omitempty"`
	PeerDependencies     map[string]string     `json:"peerDependencies,omitempty"`
	PeerDependenciesMeta map[string]peerStatus `json:"peerDependenciesMeta,omitempty"`
}

type peerStatus struct {
	Optional bool `json:"optional,omitempty"`
}

// readGraph takes over what npm locked.
func readGraph(tool *lockfile.Tool, data []byte) error {
	doing := fmt.Sprintf("lock %s %s from npm", tool.Package, tool.Version)
	var l packageLock
	if err := json.Unmarshal(data, &l); err != nil || l.Version != 3 {
		return &install.Error{Doing: doing, Reason: "npm's package-lock.json is in no format that is known", Err: err}
	}
	tool.Packages = nil
	for path, n := range l.Packages {
		switch {
		case path == "":
			continue
		case n.Link || n.Resolved != "" || n.Integrity == "" && !n.InBundle:
			return &install.Error{
				Doing: doing, Reason: fmt.Sprintf("%s does not come from a registry, so nothing proves what it is: %s", path, cmp.Or(n.Resolved, "no integrity")),
			}
		}
		p := lockfile.Package{
			Path: path, Name: n.Name, Version: n.Version, Integrity: n.Integrity,
			Optional: n.Optional, Bundled: n.InBundle, Scripts: n.HasInstallScript, OS: n.OS, CPU: n.CPU, Libc: n.Libc,
			Bin: n.Bin, Needs: n.Dependencies, OptionalNeeds: l.found(path, n.OptionalDependencies), Peers: n.PeerDependencies,
		}
		for _, name := range slices.Sorted(maps.Keys(n.PeerDependenciesMeta)) {
			if n.PeerDependenciesMeta[name].Optional {
				p.OptionalPeers = append(p.OptionalPeers, name)
			}
		}
		tool.Packages = append(tool.Packages, p)
	}
	slices.SortFunc(tool.Packages, func(a, b lockfile.Package) int { return strings.Compare(a.Path, b.Path) })
	i := slices.IndexFunc(tool.Packages, func(p lockfile.Package) bool { return p.Path == "node_modules/"+tool.Package })
	if i < 0 {
		return &install.Error{Doing: doing, Reason: "npm did not lock the package itself"}
	}
	tool.Hash = tool.Packages[i].Integrity
	// What can be written can be read: what a package says of itself is a stranger's.
	if _, err := lockfile.Parse(lockfile.Name, lockfile.Write(lockfile.Lock{Tools: []lockfile.Tool{*tool}})); err != nil {
		return &install.Error{Doing: doing, Reason: "what npm locked is not as it should be: " + err.Error()}
	}
	return nil
}

// found are those of a package's optional dependencies that npm locked. It leaves
// out what the registry does not have, and «npm ci» would then refuse the lock.
func (l packageLock) found(path string, optional map[string]string) map[string]string {
	out := map[string]string{}
	for name, versions := range optional {
		for at := path; ; {
			if l.Packages[strings.TrimPrefix(at+"/node_modules/"+name, "/")] != nil {
				out[name] = versions
				break
			}
			if at == "" {
				break
			}
			at = at[:max(0, strings.LastIndex(at, "/node_modules/"))]
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// direct is what the project of a tool depends on: versions once they are locked.
func direct(tool lockfile.Tool) map[string]string {
	out := map[string]string{}
	for name, versions := range tool.With {
		out[name] = versions
		if locked := tool.At(name); locked != nil {
			out[name] = locked.Version
		}
	}
	out[tool.Package] = tool.Version
	return out
}

// writeProject makes dir a project that depends on the tool alone, and lets the
// install scripts of the packages that are allowed to have some.
func writeProject(dir string, tool lockfile.Tool) error {
	project := map[string]any{"private": true, "dependencies": direct(tool)}
	if len(tool.Scripts) > 0 {
		allowed := map[string]bool{}
		for _, name := range tool.Scripts {
			allowed[name] = true
		}
		project["allowScripts"] = allowed // npm 12 runs none but these
	}
	return writeJSON(filepath.Join(dir, projectName), project)
}

// writeGraph makes the package-lock.json that «npm ci» installs from.
func writeGraph(dir string, tool lockfile.Tool) error {
	l := packageLock{Version: 3, Requires: true, Packages: map[string]*npmNode{"": {Dependencies: direct(tool)}}}
	for _, p := range tool.Packages {
		n := &npmNode{
			Name: p.Name, Version: p.Version, Integrity: p.Integrity, Optional: p.Optional, InBundle: p.Bundled, HasInstallScript: p.Scripts,
			OS: p.OS, CPU: p.CPU, Libc: p.Libc, Bin: p.Bin, Dependencies: p.Needs, OptionalDependencies: p.OptionalNeeds, PeerDependencies: p.Peers,
		}
		for _, name := range p.OptionalPeers {
			if n.PeerDependenciesMeta == nil {
				n.PeerDependenciesMeta = map[string]peerStatus{}
			}
			n.PeerDependenciesMeta[name] = peerStatus{Optional: true}
		}
		l.Packages[p.Path] = n
	}
	return writeJSON(filepath.Join(dir, lockName), l)
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write what npm installs from: %w", err)
	}
	return nil
}
