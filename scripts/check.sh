#!/bin/sh
# check.sh: what can be judged without running devsh. It goes on after a failure, so that one run shows them all.
cd "$(dirname "$0")/.." || exit
failed=

# check WHAT COMMAND...: says WHAT when COMMAND fails.
check() {
    what=$1
    shift
    printf '%s\n' "check: $what"
    "$@" || {
        printf '%s\n' "FAILED: $what" >&2
        failed=yes
    }
}

formatted() {
    files=$(gofmt -l cmd shell toolchains dotfiles hooks) || return
    [ -z "$files" ] || {
        printf '%s\n' "not formatted, run gofmt -w:" "$files" >&2
        return 1
    }
}

# The reference is what the program says of itself.
reference() {
    go run ./cmd/devsh reference | diff -u docs/reference.md - || {
        echo "docs/reference.md is not what the program says: run «make reference»" >&2
        return 1
    }
}

fish_scripts() {
    for file in hooks/fish/*.fish cmd/internal/*/*.fish; do
        fish --no-execute "$file" || return
    done
    fish_indent --check hooks/fish/*.fish || {
        echo "not indented as fish does: fish_indent -w hooks/fish/*.fish" >&2
        return 1
    }
}

shell_scripts() {
    for file in .ci/run scripts/*.sh; do
        read -r shebang <"$file"
        case $shebang in
            *bash) bash -n "$file" || return ;;
            *) sh -n "$file" || return ;;
        esac
        if command -v shellcheck >/dev/null 2>&1; then
            shellcheck "$file" || return
        fi
    done
    for file in hooks/bash/*.bash hooks/shared/*.sh; do
        bash -n "$file" || return
    done
    if command -v zsh >/dev/null 2>&1; then
        for file in hooks/zsh/*.zsh hooks/shared/*.sh; do
            zsh -n "$file" || return
        done
    fi
}

check "gofmt" formatted
check "go vet" go vet ./...
check "staticcheck" go tool staticcheck ./...
# Not from the cache: what the go command lists is not among the files by which a cached result is found stale.
check "import rules and house style" go test -count=1 ./cmd/internal/arch
check "fish scripts" fish_scripts
check "docs/reference.md" reference
check "shell scripts" shell_scripts
[ -z "$failed" ]
