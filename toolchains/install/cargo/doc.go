// Package cargo installs programs written in Rust, by the cargo that is on PATH.
//
// Registry, mirrors, proxy and tokens are those of the user's own CARGO_HOME. The
// archive that the lock names by its SHA-256 is what is built, with the
// Cargo.lock that is in it, which names all it depends on in the same way. What
// runs code while it is built (build scripts, macros) is built only where that
// was allowed by name.
package cargo
