package nixenv

import "testing"

func TestSecrets(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"API_TOKEN", "x", true},
		{"API_TOKEN", "", false},
		{"api_token", "x", true},
		{"DB_PASSWORD", "postgres", true},
		{"PGPASSWORD", "x", true},
		{"AWS_SECRET_ACCESS_KEY", "x", true},
		{"STRIPE_API_KEY", "x", true},
		{"PASSWORD_FILE", "/run/secrets/x", false},
		{"TOKENIZERS", "x", false},
		{"SIGNING_KEY", "Zq8Lx0Vr2Tn5Wy7K", true},
		{"SIGNING_KEY", "aaaaaaaaaaaaaaaaaaaa", false},
		{"SIGNING_KEY", "/home/u/keys/signing-0123456789", false},
		{"SSH_KEY", "~/.ssh/id_ed25519_work", false},
		{"MONKEY", "banana", false},
		{"AWS_REGION", "eu-west-1", false},
		{"AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", true},
		{"ANY", "ghp_0123456789abcdef", true},
		{"ANY", "-----BEGIN PRIVATE KEY-----", true},
		{"ANY", "eyJhbGciOiJIUzI1NiJ9.e30.x", true},
		{"ANY", "sk-1", false},
		{"DATABASE_URL", "postgres://postgres:postgres@localhost/dev", false},
		{"DATABASE_URL", "postgres://app:Zq8Lx0Vr2Tn5Wy7K@db/prod", true},
		{"PATH_TO", "/nix/store/0c4sgzpgm2fl7l6v4ni4qwzw2gh5sqcx-x", false},
	} {
		s, err := newSecrets()
		if err != nil {
			t.Fatal(err)
		}
		if got := s.is(c.name, c.value); got != c.want {
			t.Errorf("%s=%s: %v, want %v", c.name, c.value, got, c.want)
		}
		if c.want && len(c.value) >= 8 && (!s.has("a "+c.value+" b") || !s.is("OTHER", "x"+c.value)) {
			t.Errorf("%s=%s is not found within other text", c.name, c.value)
		}
	}
}

func TestSameInFish(t *testing.T) {
	s := newSnapshot()
	s.functions["fn"], s.aliases["other"], s.aliases["ls"] = "fn () { :; }", "x", "ls -l"
	for text, want := range map[string]bool{
		"git status": true, "ls -l --color=auto": true, "cd ..": true, "cd ~/x": true, "make -C ./a/b": true,
		"grep --exclude='*.nix' -- \"a b\"": true, "a=b": false, "FOO=1 make": false, "env FOO=1 make": true, "x a=~/b": false, "cd ~": true, "cd ~/": true, "x ~'a'": false, "x ~user": false,
		"echo 'it''s'": true, "echo $HOME": false, "echo `id`": false, "a && b": false, "a; b": false, "a | b": false,
		"a > b": false, "a *.c": false, "a {b,c}": false, "a [b]": false, "a \\b": false, "a 'b\\c'": false, "a \"$b\"": false,
		"a # b": false, "a %self": false, "a é": false, "a\nb": false, "(a)": false, "!a": false, "a !b": false, "a ^b": false,
		"fn x": false, "other x": false, "export A=b": false, "source x": false, ". x": false, "time make": false,
		"string x": false, "set -e": false, "exec zsh": true, "command ls": true, "": false, "a 'b": false, "a \"b": false,
		"'a b' c": false, "a?": false, "a 'b!\"c$(d)'": true,
	} {
		if got := sameInFish("ls", text, s); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
