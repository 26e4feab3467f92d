// Package toolstest is what tests of tools need: the real registries where they
// can be reached, and small ones on loopback that hang, fail and lie.
package toolstest
