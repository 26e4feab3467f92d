#!/usr/bin/env bash
# bench.sh DEVSH [FLAG...]: measures DEVSH against the tools that can be had: direnv from Debian and mise from npm are
# installed where that is possible (mise into the cache directory, not into the system), nix-direnv is taken from the
# checkout that NIX_DIRENV names, treefmt is the program that TREEFMT names. What is missing is said, and the rest is
# measured.
set -euo pipefail
cd "$(dirname "$0")/.."
devsh=$(realpath "$1")
shift
cache=${XDG_CACHE_HOME:-$HOME/.cache}/devsh-test

direnv=$(command -v direnv || true)
if [[ -z $direnv ]] && sh scripts/with-tools.sh direnv -- true; then
    direnv=$(command -v direnv || true)
fi

# The package for this processor has the program itself; the one called mise needs a script of its own to find it.
find_mise() {
    local file
    for file in "$cache"/mise/node_modules/@jdxcode/mise-*/bin/mise; do
        [[ ! -x $file ]] || echo "$file"
    done
}
mise=$(command -v mise || find_mise)
if [[ -z $mise ]] && command -v npm >/dev/null; then
    case $(uname -m) in
        x86_64) arch=x64 ;;
        aarch64) arch=arm64 ;;
        *) arch= ;;
    esac
    mkdir -p "$cache/mise"
    [[ -z $arch ]] || timeout 120 npm install --prefix "$cache/mise" --ignore-scripts --no-audit --no-fund \
        "@jdxcode/mise-linux-$arch@~2026.9" </dev/null >&2 || true
    mise=$(find_mise)
fi

exec go run ./cmd/internal/bench --devsh "$devsh" --direnv "$direnv" --mise "$mise" "$@"
