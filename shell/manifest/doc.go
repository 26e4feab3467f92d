// Package manifest reads devsh.toml and dotenv files and says what they change
// in an environment.
//
// It owns the format of devsh.toml: its keys, its limits, its errors, which
// name line and column, and the way from a manifest to an [env.Delta]. The
// user's configuration file reads its devsh.toml-like table through the same
// [Document].
//
// It is pure: bytes and lookups come in as arguments, and it reads no file and
// no process state. It must not decide whether a manifest is trusted, nor run
// or quote anything: hooks and aliases are text to it.
package manifest
