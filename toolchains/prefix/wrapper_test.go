package prefix

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What node runs gets a wrapper: by env, and by pnpm's scripts of any version.
// What names its interpreter itself, or is no script of these, gets none.
func TestWrapper(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"#!/usr/bin/env node\n":                "exec '/n/node' 'DIR/x' \"$@\"",
		"#!/usr/bin/env node\r\n":              "exec '/n/node' 'DIR/x' \"$@\"",
		"#! /usr/bin/env -S node --a --b=c\nx": "exec '/n/node' '--a' '--b=c' 'DIR/x' \"$@\"",
		"#!/usr/bin/env -S node '--a b'\n":     "",
		"#!/usr/bin/env -S X=$Y node\n":        "",
		"#!/usr/bin/env bun\n":                 "",
		"#!/usr/bin/env\n":                     "",
		"#!/usr/bin/env -S\n":                  "",
		"#!/opt/node/bin/node\n":               "",
		"#!/bin/sh\nexec node x\n":             "",
		"\x7fELF#!/usr/bin/env node\n":         "",
		"":                                     "",
		"#!/bin/sh\n  exec node  \"$basedir/global/5/cli.js\" \"$@\"\n":                     "exec '/n/node' 'DIR/global/5/cli.js' \"$@\"",
		"#!/bin/sh\n  exec node  \"$basedir_abs\"/'../g/it.js' \"$@\"\n":                    "exec '/n/node' 'PARENT/g/it.js' \"$@\"",
		"#!/bin/sh\n  export NODE_PATH=\"/a:/b\"\n  exec node  \"$basedir/c.js\" \"$@\"\n":  "export NODE_PATH='/a:/b'\"${NODE_PATH:+:$NODE_PATH}\"\nexec '/n/node' 'DIR/c.js' \"$@\"",
		"#!/bin/sh\n  export NODE_PATH='/a'\n  exec node  \"$basedir_abs\"/'c.js' \"$@\"\n": "export NODE_PATH='/a'\"${NODE_PATH:+:$NODE_PATH}\"\nexec '/n/node' 'DIR/c.js' \"$@\"",
		"#!/bin/sh\n  exec node  \"$basedir/$(reboot)\" \"$@\"\n":                           "",
	} {
		file := filepath.Join(dir, "x")
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		got, ok := wrapper(file, "/n/node")
		want = strings.NewReplacer("DIR", dir, "PARENT", filepath.Dir(dir)).Replace(want)
		if ok != (want != "") || !strings.HasSuffix(string(got), want+"\n") && ok {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
