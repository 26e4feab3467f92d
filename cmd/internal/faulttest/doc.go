// Package faulttest breaks what devsh rests on, in the way of disks, kills and
// strangers, and looks at what a person in fish then sees: the prompt comes
// back, nothing foreign is on standard output, one line says why, and the next
// undisturbed run is as if nothing had been.
//
// It has no code of its own. DEVSH_TEST_BIN names a devsh to test instead of
// the one built from this tree; DEVSH_TEST_FISH another fish.
package faulttest
