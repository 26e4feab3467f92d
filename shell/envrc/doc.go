// Package envrc translates the .envrc of a direnv project into a devsh.toml.
//
// It owns which of bash and of direnv's library has the same meaning in a
// devsh.toml, and the list of what has not. It reads text and runs nothing: a
// value that only running could tell is left, with its line and the reason.
// It is pure, and must not guess: what it translates means the same, as far as
// the two programs allow, and what it is not sure of it lists.
//
// Text goes through three steps: a lexer makes words with quotes and
// references understood (lexer.go, word.go, nested.go), a parser makes
// commands of them (parser.go), and a translator follows them in order and
// knows at each what the variables are (translate.go and the rest).
package envrc
