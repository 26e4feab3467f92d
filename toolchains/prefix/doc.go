// Package prefix keeps the places where the user's own global installs go:
// «npm i -g», «go install» and their like.
//
//	$XDG_DATA_HOME/devsh/prefix/
//	    npm-abi137/       for each manager whose programs node runs, and ABI of node:
//	        bin/ lib/       what the manager itself keeps
//	        bound/          the same programs, each naming the node that it was installed with
//	    cargo/ go/ …      for each other manager
//
// It owns that tree, and asks node and npm what only they know, once; which place
// wins and what goes into an environment is decided by the pure package plan. It
// installs nothing and removes nothing of the user's: this is data, not a cache.
// It writes to no other file but, on request, a prefix to the user's npmrc.
package prefix
