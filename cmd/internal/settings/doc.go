// Package settings reads the user's settings: config.toml, DEVSH_* variables
// and flags, in growing precedence.
//
// It owns the names, defaults and checks of the settings and gives plain
// structs; it is the only importer of viper, which puts the sources on top of
// each other and nothing else: files and variables come in through [Options],
// and nothing is watched or kept. It must not look at projects.
package settings
