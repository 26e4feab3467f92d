// Package toolproof holds the tests by which the catalogue is proved: each
// language server and each formatter in it that can be had here, installed from
// the real registries by «devsh tools install», has to serve its fixture by way
// of «devsh lsp --check» and «devsh fmt». A new entry of the catalogue is proved
// without a line here. It has no code of its own, and knows no tool by name but
// those whose choice it is about.
package toolproof
