// Package trust keeps the record of which places the user has allowed to
// decide what runs, and says what changed since.
//
// A record binds a resolved path and the content of the deciding inputs. The
// package reads and writes records; it does not read projects, except git's
// own files that tie worktrees together.
package trust
