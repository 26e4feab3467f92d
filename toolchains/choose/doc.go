// Package choose says which tools serve a place in a repository: for each of its
// languages and for each role the one that the catalogue puts first for what was
// detected there, with the reason in words for people.
//
// It is pure. It must not look whether a tool is installed: what is chosen and
// missing can be installed, what is there by chance is not taken instead.
package choose
