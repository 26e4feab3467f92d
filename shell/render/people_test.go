package render

import "testing"

func TestTilde(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/home/u":                          "~",
		"/home/u/dev/p/devsh.toml:3:1: no": "~/dev/p/devsh.toml:3:1: no",
		"read /home/u/a, \"/home/u/b\"":    "read ~/a, \"~/b\"",
		"/home/u: it is not yours":         "~: it is not yours",
		"/home/user/x /mnt/home/u/x":       "/home/user/x /mnt/home/u/x",
		"«devsh allow '/home/u/a b'»":      "«devsh allow '/home/u/a b'»",
		"/home/uwé/x /home/ué/x":          "/home/uwé/x /home/ué/x",
		"see «/home/u/a», «/home/u»":       "see «~/a», «~»",
		"nothing":                          "nothing",
	} {
		if got := Tilde(text, "/home/u"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, home := range []string{"", "/", "x"} {
		if got := Tilde("/x", home); got != "/x" {
			t.Errorf("home %q: %q", home, got)
		}
	}
}

func TestArgument(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/home/u/dev/p":    "~/dev/p",
		"/home/u/dev/a b":  "~/'dev/a b'",
		"/home/u/dev/-p":   "~/dev/-p",
		"/home/u/~x":       "~/'~x'",
		"/srv/p":           "/srv/p",
		"/srv/p q":         "'/srv/p q'",
		"/home/u/dev/q\n1": "~/" + QuoteFish("dev/q\n1"),
	} {
		if got := Argument(path, "/home/u"); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}
