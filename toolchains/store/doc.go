// Package store keeps installed tools: each in an immutable directory named by
// its content, made elsewhere and renamed into place, and the sets of them that
// are on somebody's PATH.
//
//	store/NAME-VERSION-HASH/   one tool: bin/, what bin/ leads to, devsh.json
//	profiles/HASH/             links into store/: bin/, share/…, tools/ with all of them; the devsh.lock it was made of
//	user/current               → history/N, the user's own set, replaced by rename
//	user/history/N             → ../../profiles/HASH, the last [KeepHistory] ones
//	staging/NAME.RANDOM/       what is being made; garbage if nobody holds its lock
//	locks/NAME                 held by who makes or removes store/NAME or profiles/NAME
//	locks/.in-use              shared by who installs, exclusive for who collects
//
// It owns that directory, and the judgement whether an installed program can
// run on this system. It must not know how a tool is installed: a function does.
package store
