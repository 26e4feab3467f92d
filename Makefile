# devsh's house: what there is to do, one target each. «make help» lists them.
# The work is in scripts/, which can be run by hand as well.

BINDIR ?= $(HOME)/.local/bin
PKG    ?= ./...
SOAK   ?= 30m

.PHONY: help build install check reference test test-long test-fish4 try bench bench-once clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## build bin/devsh
	sh scripts/with-tools.sh -- sh scripts/build.sh

install: build ## put devsh into ~/.local/bin (or BINDIR) and say what to write into config.fish
	sh scripts/install.sh bin/devsh "$(BINDIR)"

check: ## format, vet, staticcheck, import rules, fish scripts, reference, shell scripts
	sh scripts/with-tools.sh fish git -- sh scripts/check.sh

reference: ## write docs/reference.md anew from the program
	go run ./cmd/devsh reference >docs/reference.md.new && mv docs/reference.md.new docs/reference.md

test: ## run all tests, with the race detector and the fish that is found (PKG=./shell/... for some)
	sh scripts/with-tools.sh fish zsh nix strace tmux git gcc node npm cargo pip3 -- sh scripts/test.sh $(PKG)

test-long: ## the soak alone, for half an hour (SOAK=2m): shells walk about while all changes and workers are killed
	DEVSH_TEST_TIMEOUT=24h sh scripts/with-tools.sh fish nix git gcc -- env SOAK=$(SOAK) sh scripts/test.sh -v -run 'TestSoak$$' ./cmd/internal/fishtest

test-fish4: ## run the suites that drive fish and nix in a Debian with fish 4
	bash scripts/test-fish4.sh

try: build ## try it: real fish in a scratch home with sample projects
	sh scripts/with-tools.sh fish git -- bash scripts/try.sh bin/devsh

bench: build ## measure against direnv, mise and treefmt, side by side (docs/performance.md)
	sh scripts/with-tools.sh fish -- bash scripts/bench.sh bin/devsh $(BENCHFLAGS)

bench-once: build ## run each benchmark once, to see that it works; judges nothing
	sh scripts/with-tools.sh fish -- bash scripts/bench.sh bin/devsh --once $(BENCHFLAGS)

clean: ## remove what was built
	rm -rf bin
