#!/bin/sh
# with-tools.sh TOOL... -- COMMAND [ARG...]: runs COMMAND where every TOOL can be found. What is missing is installed
# by apt (Debian and its kin; as root or with sudo), or taken from nixpkgs for this one command (NixOS); elsewhere
# this says what to install, and fails.
set -eu

# The package that brings a tool, in Debian and in nixpkgs.
debian_package() {
    case $1 in
        nix) echo nix-bin ;;
        gcc) echo gcc libc6-dev ;;
        *) echo "$1" ;;
    esac
}
nixpkgs_package() {
    case $1 in
        nix) echo nixpkgs#nix ;;
        *) echo "nixpkgs#$1" ;;
    esac
}

PATH=$PATH:/usr/sbin:/sbin
export PATH
missing=
while [ "${1---}" != -- ]; do
    command -v "$1" >/dev/null 2>&1 || missing="$missing $1"
    shift
done
shift
if ! command -v go >/dev/null 2>&1; then
    echo "error: go is missing: install Go 1.26 or later, from https://go.dev/dl or nixpkgs#go" >&2
    exit 1
fi
[ -n "$missing" ] || exec "$@"

debian=
nixpkgs=
for tool in $missing; do
    debian="$debian $(debian_package "$tool")"
    nixpkgs="$nixpkgs $(nixpkgs_package "$tool")"
done

if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        root=
    elif command -v sudo >/dev/null 2>&1; then
        root=sudo
        [ -t 0 ] || root='sudo -n' # nobody is there to type a password
    else
        echo "error: missing:$missing. Install as root: apt-get install$debian" >&2
        exit 1
    fi
    echo "installing with apt:$debian" >&2
    # shellcheck disable=SC2086 # words on purpose
    { $root apt-get update -q && $root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $debian; } </dev/null >&2 || {
        echo "error: apt failed. Install by hand: apt-get install$debian" >&2
        exit 1
    }
    exec "$@"
fi
if command -v nix >/dev/null 2>&1; then
    echo "taking from nixpkgs for this command:$missing" >&2
    # shellcheck disable=SC2086 # words on purpose
    exec nix --extra-experimental-features 'nix-command flakes' shell $nixpkgs --command "$@"
fi
echo "error: missing:$missing. Install them with your package manager (Debian calls them:$debian) and try again" >&2
exit 1
