#!/usr/bin/env bash
# try.sh DEVSH: a real fish with devsh in a scratch home, with sample projects under its ~/dev. Your own home, shell
# and configuration are not touched; the scratch home is removed when you leave. Without a terminal the tour of
# scripts/try/tour.txt is typed by a program instead, and what the terminal shows is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
repo=$PWD
devsh=$(realpath "$1")
old_fish=$(sh scripts/fish-version.sh) || {
    echo "error: $old_fish" >&2
    exit 1
}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/devsh-try.XXXXXX")
home=$tmp/home
cleanup() {
    chmod -R u+w "$tmp" 2>/dev/null || true # nix makes its store read-only
    rm -rf "$tmp"
}
trap cleanup EXIT

# Where generated_completions is missing, a new fish reads all manual pages, in the background, for minutes.
mkdir -p -m 700 "$tmp/run"
mkdir -p "$home/.config/fish" "$home/.local/bin" "$home/dev" \
    "$home"/{.local/share,.cache}/fish/generated_completions
cp "$devsh" "$home/.local/bin/devsh"
cp -r scripts/try/home/. "$home/"
tour=("$repo/scripts/try/tour.txt")

environment=(
    "HOME=$home" "USER=${USER:-you}" "TERM=${TERM:-xterm-256color}" "LANG=${LANG:-C.UTF-8}"
    "PATH=$home/.local/bin:$PATH" "SHELL=$(command -v fish)" "XDG_RUNTIME_DIR=$tmp/run"
)
# The flake needs no network and no nixpkgs, and its store is in the scratch home.
if command -v nix >/dev/null; then
    nix=$tmp/nix
    mkdir -p "$nix/conf"
    printf '{"flakes":[],"version":2}\n' >"$nix/registry.json"
    cat >"$nix/conf/nix.conf" <<CONF
experimental-features = nix-command flakes
sandbox = false
substituters =
build-users-group =
flake-registry = $nix/registry.json
CONF
    environment+=(
        "NIX_STORE_DIR=$nix/store" "NIX_STATE_DIR=$nix/var" "NIX_LOG_DIR=$nix/log" "NIX_CONF_DIR=$nix/conf"
        NIX_REMOTE=local
    )
    mkdir -p "$home/dev/flake"
    sed -e "s|@SYSTEM@|$(uname -m)-linux|; s|@BASH@|$(command -v bash)|; s|@BIN@|$(dirname "$(command -v mkdir)")|" \
        scripts/try/flake.nix.in >"$home/dev/flake/flake.nix"
    tour+=("$repo/scripts/try/tour-flake.txt")
else
    echo "(no nix here: the tour goes without its flake)" >&2
fi

# Nothing of the caller's environment gets in, but what says who and where.
if [[ -t 0 && -t 1 ]]; then
    cat <<HINT
A fish with devsh, in a scratch home. Nothing here is allowed yet. Type:

$(sed -n '/^[^>#]/p; s/^> /    /p' "${tour[@]}")

And exit to leave; then the scratch home is removed.

HINT
    cd "$home"
    env -i "${environment[@]}" fish || true
else
    go build -buildvcs=false -o "$tmp/tour" ./cmd/internal/tour
    cd "$home"
    env -i "${environment[@]}" "$tmp/tour" "${tour[@]}"
fi
