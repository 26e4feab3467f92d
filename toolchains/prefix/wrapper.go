package prefix

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// wrapper is a script that runs a program by a certain node; ok is false for
// programs that node does not run. The program's own name is kept in it: what an
// update puts there is what runs.
func wrapper(file, node string) (text []byte, ok bool) {
	head, err := readHead(file)
	if err != nil {
		return nil, false
	}
	script, flags, env := file, []string(nil), ""
	if flags, ok = byNode(head); !ok {
		if script, env, ok = shim(file, head); !ok {
			return nil, false
		}
	}
	var b bytes.Buffer
	b.WriteString("#!/bin/sh\n# Made by devsh: it runs the program by the node that it was installed with.\n")
	b.WriteString("[ -e " + quote(script) + " ] || {\n    echo " + quote("devsh: "+file+" is gone") + " >&2\n    exit 127\n}\n")
	if env != "" {
		b.WriteString("export NODE_PATH=" + quote(env) + `"${NODE_PATH:+:$NODE_PATH}"` + "\n")
	}
	words := []string{"exec", quote(node)}
	for _, f := range flags {
		words = append(words, quote(f))
	}
	words = append(words, quote(script), `"$@"`)
	b.WriteString(strings.Join(words, " ") + "\n")
	return b.Bytes(), true
}

// maxHead is how much of a program is looked at: more than pnpm's longest shim.
const maxHead = 32 << 10

func readHead(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxHead))
	return string(data), err
}

// byNode reports whether the first line of a script has it run by whichever node
// is first on PATH, and with what flags.
func byNode(head string) (flags []string, ok bool) {
	line, _, _ := strings.Cut(head, "\n")
	text, ok := strings.CutPrefix(strings.TrimRight(line, "\r"), "#!")
	if !ok {
		return nil, false
	}
	words := strings.Fields(text)
	if len(words) < 2 || filepath.Base(words[0]) != "env" {
		return nil, false // it names its interpreter
	}
	words = words[1:]
	if words[0] == "-S" {
		words = words[1:]
	}
	if len(words) == 0 || words[0] != "node" {
		return nil, false
	}
	if slices.ContainsFunc(words, func(w string) bool { return strings.ContainsAny(w, `'"\$`) }) {
		return nil, false // env -S would take it apart
	}
	return words[1:], true
}

// pnpm's programs are scripts of the shell; the same line starts node in all of
// its versions.
var (
	shimExec = regexp.MustCompile(`(?m)^ *exec node  ("\$basedir/[^"$\\` + "`" + `]+"|"\$basedir_abs"/'[^']+') "\$@"$`)
	shimPath = regexp.MustCompile(`(?m)^  export NODE_PATH=(?:"([^"$\\` + "`" + `]+)"|'([^']+)')$`)
)

// shim reads a script of pnpm's: what it has node run, and the NODE_PATH that it
// sets.
func shim(file, head string) (script, nodePath string, ok bool) {
	if !strings.HasPrefix(head, "#!/bin/sh\n") {
		return "", "", false
	}
	m := shimExec.FindStringSubmatch(head)
	if m == nil {
		return "", "", false
	}
	rel := strings.NewReplacer(`"$basedir/`, "", `"$basedir_abs"/`, "", `'`, "", `"`, "").Replace(m[1])
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return "", "", false
	}
	if path := shimPath.FindStringSubmatch(head); path != nil {
		nodePath = path[1] + path[2]
	}
	return filepath.Join(dir, rel), nodePath, true
}

// quote is for sh.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
