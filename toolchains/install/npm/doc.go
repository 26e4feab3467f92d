// Package npm installs tools from npm's registry, by the npm that is on PATH.
//
// Each tool is a small project of its own: its graph is locked when a version is
// chosen, and «npm ci» installs exactly that, without install scripts but those
// of packages that are named. Registry, proxy, certificates and tokens are those
// of the user's own npmrc files; a project's are never read. The programs start
// node by its absolute path, so that no other project's node runs them.
package npm
