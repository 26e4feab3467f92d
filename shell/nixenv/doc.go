// Package nixenv turns a flake or a shell.nix into an [env.Delta] and the list
// of files it was computed from, by running the real nix.
//
// It owns the choice of what to evaluate ([Choose], [ParseRef]), the files that
// an evaluation is known to read ([Source.Files]) and those that nix told of
// afterwards, the cache of evaluations under <state>/nix, how far an evaluation
// is ([Progress]), which variables of Nix reach a shell (variables.txt), and
// the capture of what a shellHook does: what it exports but for what looks like
// a secret (secrets.txt), its functions and aliases ([RunEntry] runs it again).
//
// It must not decide whether evaluating is allowed: [Evaluate] runs the
// project's code, in nix's evaluator and in bash, and is to be called for
// trusted inputs only. It never writes into the project, prints nothing, and
// hands out text of nix and of hooks as it came (colours removed): whoever
// shows it makes control characters visible.
package nixenv
