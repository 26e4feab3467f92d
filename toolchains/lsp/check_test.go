package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the servers that the tests start.
func TestMain(m *testing.M) {
	if kind := os.Getenv("FAKE_SERVER"); kind != "" {
		fake(kind)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// fake is a server with one peculiarity.
func fake(kind string) {
	r := bufio.NewReader(os.Stdin)
	say := func(text string) { _ = WriteMessage(os.Stdout, []byte(text)) }
	asked := 0
	for {
		body, err := ReadMessage(r)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(body, &m) != nil {
			return
		}
		reply := func(result string) { say(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, m.ID, result)) }
		switch m.Method {
		case "initialize":
			if begin(kind, m, say) {
				reply(`{"capabilities":{"documentSymbolProvider":true},"serverInfo":{"name":"fake","version":"1"}}`)
			}
		case "textDocument/documentSymbol":
			switch asked++; {
			case kind == "asks" && !asks(r, say):
				reply(`[]`)
			case kind == "slow to load" && asked < 3:
				reply(`[]`)
			case kind == "modified" && asked < 2:
				say(fmt.Sprintf(`{"id":%s,"error":{"code":%d,"message":"content modified"}}`, m.ID, contentModified))
			case kind == "blind":
				reply(`[{"name":"other"}]`)
			case kind == "nonsense":
				reply(`{"name":7}`)
			default:
				reply(`[{"name":"other"},{"name":"héllo"}]`)
			}
		case "shutdown":
			reply("null")
		case "exit":
			if kind == "stays" {
				<-time.After(time.Hour)
			}
			return
		}
	}
}

// begin does what a fake does instead of answering initialize.
func begin(kind string, m message, say func(string)) (goOn bool) {
	switch kind {
	case "hangs":
		<-time.After(time.Hour)
	case "dies":
		fmt.Fprintln(os.Stderr, "\nerror: Unknown binary 'rust-analyzer'")
		os.Exit(3)
	case "words":
		fmt.Println("Listening on stdin")
		<-time.After(time.Hour)
	case "refuses":
		say(fmt.Sprintf(`{"id":%s,"error":{"code":1,"message":"Could not find a valid TypeScript installation"}}`, m.ID))
		return false
	case "empty":
		say(fmt.Sprintf(`{"id":%s,"result":null}`, m.ID))
		return false
	case "child":
		child := exec.Command("sleep", "1000")
		child.Stdout = os.Stdout
		_ = child.Start()
		fmt.Fprintf(os.Stderr, "child %d\n", child.Process.Pid)
		os.Exit(0)
	}
	return true
}

// asks is a server that asks before it answers, and wants all answers.
func asks(r *bufio.Reader, say func(string)) bool {
	for i, ask := range []struct{ method, params, want string }{
		{"workspace/configuration", `{"items":[{},{}]}`, `"result":[null,null]`},
		{"client/registerCapability", `{}`, `"result":null`},
		{"window/workDoneProgress/create", `{}`, `"result":null`},
		{"workspace/workspaceFolders", `null`, `"uri":"file://`},
		{"workspace/unheard", `{}`, `-32601`},
	} {
		say(fmt.Sprintf(`{"id":"s%d","method":%q,"params":%s}`, i, ask.method, ask.params))
		say(`{"method":"window/logMessage","params":{}}`)
		body, err := ReadMessage(r)
		if err != nil || !strings.Contains(string(body), ask.want) || !strings.Contains(string(body), fmt.Sprintf(`"id":"s%d"`, i)) {
			return false
		}
	}
	return true
}

func check(t *testing.T, kind string, limit time.Duration) (Report, error) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s := Server{Argv: []string{os.Args[0]}, Env: append(os.Environ(), "FAKE_SERVER="+kind)}
	return Check(ctx, s, Fixture{Files: map[string]string{"src/a.x": "é"}, Open: "src/a.x", Language: "x", Symbol: "héllo"})
}

func TestCheck(t *testing.T) {
	for _, kind := range []string{"good", "asks", "slow to load", "modified"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			report, err := check(t, kind, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if report.Name != "fake" || report.Version != "1" || len(report.Symbols) != 2 || report.Ready <= 0 || report.Took < report.Ready {
				t.Errorf("%+v", report)
			}
		})
	}
}

func TestCheckFails(t *testing.T) {
	for _, test := range []struct {
		kind string
		is   error
		says []string
	}{
		{"hangs", ErrSlow, []string{"initialize"}},
		{"dies", errEnded, []string{"exit status 3", "it says: error: Unknown binary"}},
		{"words", ErrFraming, []string{"Listening on stdin"}},
		{"refuses", nil, []string{"Could not find a valid TypeScript installation"}},
		{"empty", nil, []string{"no capabilities"}},
		{"blind", ErrSymbol, []string{`"héllo" is not among ["other"]`}},
		{"nonsense", nil, []string{"makes no sense"}},
	} {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			limit := time.Minute
			if test.kind == "hangs" {
				limit = 300 * time.Millisecond
			}
			_, err := check(t, test.kind, limit)
			if err == nil || test.is != nil && !errors.Is(err, test.is) {
				t.Fatalf("%v", err)
			}
			for _, want := range test.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
	if _, err := Check(t.Context(), Server{Argv: []string{"/nonexistent"}}, Fixture{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
	if _, err := Check(t.Context(), Server{}, Fixture{}); err == nil {
		t.Error("no command, and it works")
	}
}

// TestNothingIsLeft: what a server started ends with it, also where it ends
// first, and one that does not end is ended.
func TestNothingIsLeft(t *testing.T) {
	t.Run("a child", func(t *testing.T) {
		t.Parallel()
		_, err := check(t, "child", time.Minute)
		if err == nil {
			t.Fatal("it works")
		}
		_, text, _ := strings.Cut(err.Error(), "child ")
		pid, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); alive(pid); {
			if time.Now().After(deadline) {
				t.Fatal("the server's child lives")
			}
		}
	})
	t.Run("one that stays", func(t *testing.T) {
		t.Parallel()
		if _, err := check(t, "stays", time.Minute); err != nil {
			t.Error(err)
		}
	})
}

// alive reports whether a process runs; a zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && syscall.Kill(pid, 0) == nil && !strings.Contains(string(stat), ") Z ")
}
