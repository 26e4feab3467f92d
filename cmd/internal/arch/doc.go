// Package arch holds the architecture as tests: who may import whom, what no
// package below main may do, and how large a file may grow, each rule with its
// reason. It has no code of its own, and must not judge what the code does.
package arch
