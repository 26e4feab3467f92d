// Package nix installs tools from nixpkgs, by the nix that is on PATH, and keeps
// what installed tools refer to in nix's store from being collected.
//
// The lock names the nixpkgs by its locked reference and narHash, so the same
// is built everywhere; from which caches it comes, the user's own settings say.
// An entry only links to the store.
package nix
