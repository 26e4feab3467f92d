// Package lsp proves that a language server works, by talking to it: the reply
// to initialize and the symbols of a file that it has not seen before. That a
// program is there, starts or exits with 0 proves nothing: a stub does that, a
// rustup proxy without its component, and typescript-language-server beside a
// TypeScript that it cannot use.
//
// It also finds out for which directory a client starts its server, without
// taking the client's words from the server.
//
// It must not know any server: what is special about one is in the catalogue.
package lsp
