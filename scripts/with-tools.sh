#!/bin/sh
# with-tools.sh TOOL... -- COMMAND [ARG...]: runs COMMAND where Go and every TOOL can be found. What is missing is
# installed by apt (Debian and its kin; as root or with sudo), or taken from nixpkgs for this one command (NixOS, and
# who has nix but may not install); elsewhere this says what to install, and fails. Go is never installed: the one
# that Debian has is too old.
set -eu

# The package that brings a tool, in Debian and in nixpkgs.
debian_package() {
    case $1 in
        nix) echo nix-bin ;;
        gcc) echo gcc libc6-dev ;;
        node) echo nodejs ;;
        pip3) echo python3-pip python3-venv ;; # Debian has no uv: pip plays its part in the tests
        *) echo "$1" ;;
    esac
}
nixpkgs_package() {
    case $1 in
        node | npm) echo nixpkgs#nodejs ;;
        cargo) echo nixpkgs#cargo nixpkgs#rustc ;;
        pip3) echo nixpkgs#uv nixpkgs#python3 ;;
        *) echo "nixpkgs#$1" ;;
    esac
}

fail() {
    echo "error: $1" >&2
    exit 1
}

missing=
while [ "${1---}" != -- ]; do
    command -v "$1" >/dev/null 2>&1 || missing="$missing $1"
    shift
done
shift
go_wanted="Go 1.26 or later, from https://go.dev/dl or nixpkgs#go"
command -v go >/dev/null 2>&1 || fail "go is missing: install $go_wanted, and put it on PATH"
# From 1.21 on, an older one fetches the one that go.mod asks for, where it may.
go list -m >/dev/null || fail "this go cannot build devsh: install $go_wanted ($(cd / && go version))"
[ -n "$missing" ] || exec "$@"

debian=
nixpkgs=
for tool in $missing; do
    debian="$debian $(debian_package "$tool")"
    nixpkgs="$nixpkgs $(nixpkgs_package "$tool")"
done

as_root=no # the words before a command of root's; "no" where there are none
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
    [ -t 0 ] || as_root='sudo -n' # nobody is there to type a password
fi
apt_install() (
    echo "installing with ${as_root:+$as_root }apt-get:$debian"
    PATH=$PATH:/usr/sbin:/sbin # dpkg wants them, and «su» does not bring them
    # shellcheck disable=SC2086 # words on purpose
    $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $debian
)
if [ "$as_root" != no ] && command -v apt-get >/dev/null 2>&1 && apt_install </dev/null >&2; then
    exec "$@"
fi
if command -v nix >/dev/null 2>&1; then
    echo "taking from nixpkgs for this command:$missing" >&2
    # shellcheck disable=SC2086 # words on purpose
    exec nix --extra-experimental-features 'nix-command flakes' shell $nixpkgs --command "$@"
fi
fail "missing:$missing. Install them with your package manager (Debian, as root: apt-get install$debian) and try again"
