package prefix

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hbohlen/devsh/toolchains/prefix/plan"
)

func TestWriteNPMRC(t *testing.T) {
	b := newBed(t, "")
	b.Environ["PATH"] = b.fakeNode("n", "115")
	file, prefix := filepath.Join(b.home, ".npmrc"), filepath.Join(b.Root(), "npm-abi115")
	before := "; mine\n//host/:_authToken=x\n[s]\na=b"
	if err := os.WriteFile(file, []byte(before), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	for _, changed := range []bool{true, false} {
		e, err := b.WriteNPMRC(t.Context(), false)
		if err != nil || e.Changed != changed || e.File != file || e.Prefix != prefix || e.NVM {
			t.Errorf("%+v, %v", e, err)
		}
	}
	data, _ := os.ReadFile(file)
	info, _ := os.Stat(file)
	if want := "; mine\n//host/:_authToken=x\nprefix=" + prefix + "\n[s]\na=b"; string(data) != want || info.Mode().Perm() != 0o640 {
		t.Errorf("%q with %v, want %q", data, info.Mode(), want)
	}
	if info, err := os.Stat(filepath.Join(prefix, "lib")); err != nil || !info.IsDir() {
		t.Errorf("and the prefix is not there: %v", err)
	}
	if l := b.layer(); l.Places[0].State != plan.Devsh || l.Delta.Set["NPM_CONFIG_PREFIX"] == nil {
		t.Errorf("with the line the layer is %+v", l.Places[0].From)
	}
	e, err := b.RemoveNPMRC(false)
	data, _ = os.ReadFile(file)
	if err != nil || !e.Changed || string(data) != before {
		t.Errorf("taken out: %q, %+v, %v", data, e, err)
	}
	if e, err := b.RemoveNPMRC(false); err != nil || e.Changed {
		t.Errorf("twice: %+v, %v", e, err)
	}
}

func TestWriteNPMRCAnew(t *testing.T) {
	b := newBed(t, "")
	b.Environ["PATH"], b.Environ["NVM_DIR"] = b.fakeNode("n", "115"), "/x"
	file := filepath.Join(b.home, ".npmrc")
	e, err := b.WriteNPMRC(t.Context(), false)
	info, _ := os.Stat(file)
	if err != nil || !e.NVM || info == nil || info.Mode().Perm() != 0o600 { // tokens will be put there
		t.Errorf("%+v, %v, %v", e, err, info)
	}
	if _, err := b.RemoveNPMRC(false); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty file is left: %v", err)
	}
	b.Environ["PATH"] = "/nowhere"
	if _, err := b.WriteNPMRC(t.Context(), false); !errors.Is(err, ErrNoNode) {
		t.Errorf("without node: %v", err)
	}
}

func TestWriteNPMRCKeepsOthers(t *testing.T) {
	b := newBed(t, "")
	b.Environ["PATH"] = b.fakeNode("n", "115")
	file := filepath.Join(b.home, ".npmrc")
	before := "prefix=~/mine\n"
	b.write(map[string]string{".npmrc": before})
	var other *plan.OtherPrefix
	if _, err := b.WriteNPMRC(t.Context(), false); !errors.As(err, &other) || !strings.Contains(err.Error(), "change "+file+": line 1 says prefix="+b.home+"/mine, which is not devsh's") {
		t.Errorf("write: %v", err)
	}
	if _, err := b.RemoveNPMRC(false); !errors.As(err, &other) {
		t.Errorf("remove: %v", err)
	}
	if data, _ := os.ReadFile(file); string(data) != before {
		t.Errorf("%q", data)
	}
	if _, err := b.WriteNPMRC(t.Context(), true); err != nil {
		t.Error(err)
	}
}

// A link stays one where what it leads to can be written, and is refused
// where not.
func TestWriteNPMRCThroughLinks(t *testing.T) {
	b := newBed(t, "")
	b.Environ["PATH"] = b.fakeNode("n", "115")
	file := filepath.Join(b.home, ".npmrc")
	b.write(map[string]string{"dotfiles/npmrc": "a=b\n"})
	if err := os.Symlink("dotfiles/npmrc", file); err != nil {
		t.Fatal(err)
	}
	if _, err := b.WriteNPMRC(t.Context(), false); err != nil {
		t.Error(err)
	}
	data, _ := os.ReadFile(filepath.Join(b.home, "dotfiles/npmrc"))
	if to, err := os.Readlink(file); err != nil || to != "dotfiles/npmrc" || !strings.HasPrefix(string(data), "a=b\nprefix=/") {
		t.Errorf("%q by a link to %q, %v", data, to, err)
	}
	for _, to := range []string{"/nix/store/00000000000000000000000000000000-home-manager-files/.npmrc", "/dev/full"} {
		if err := errors.Join(os.Remove(file), os.Symlink(to, file)); err != nil {
			t.Fatal(err)
		}
		var linked *Linked
		if _, err := b.WriteNPMRC(t.Context(), true); !errors.As(err, &linked) || linked.Target != to {
			t.Errorf("a link to %s: %v", to, err)
		}
		if _, err := b.RemoveNPMRC(true); !errors.As(err, &linked) {
			t.Errorf("a link to %s, removed from: %v", to, err)
		}
	}
}
