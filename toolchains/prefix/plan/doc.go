// Package plan says where the user's own global installs go: for each manager
// (npm, pnpm, yarn, bun, go, cargo, uv, pipx) which setting decides, what comes
// after it and why, and what devsh puts into an environment for it.
//
// It is pure: it is given the environment, the contents of the settings' files
// and what node said of itself. The managers are data (managers.toml); only what
// npm alone does is code.
package plan
