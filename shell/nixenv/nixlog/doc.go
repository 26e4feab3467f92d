// Package nixlog reads what nix writes with --log-format internal-json: what
// it evaluates, fetches and builds and how far it is, the lines that a person
// reads, and which files it says it read.
//
// It is pure and bounded: it takes lines and gives values, whatever nix, a
// builder or a program that nix runs may have written. It must not judge what
// an error means, and it hands out text as it came but for colours: whoever
// shows it makes control characters visible.
package nixlog
