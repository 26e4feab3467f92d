#!/usr/bin/env bash
# trixie.sh: makes a Debian trixie in a directory, with fish 4 and a later nix than Debian bookworm's, unless it is
# there, and prints the directory. It is kept outside the clone and used again by every run. As root.
#   DEVSH_TRIXIE_ROOT     where it is; else devsh-test/trixie in the user's cache directory
#   DEVSH_DEBIAN_MIRROR   where it comes from; else the mirror that this machine's apt uses
set -euo pipefail
root=${DEVSH_TRIXIE_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/devsh-test/trixie}
packages=(fish zsh nix-bin tmux git strace ca-certificates procps)
made="$root/.devsh-made" # holds the packages; written last
export PATH=$PATH:/usr/sbin:/sbin

fail() {
    printf 'error: %s\n' "$@" >&2
    exit 1
}

# The mirror of this machine's Debian archive, as apt has it: no host is written down here.
mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1
}

if [[ -f $made && $(<"$made") == "${packages[*]}" ]]; then
    printf '%s\n' "$root"
    exit
fi
[[ $(id -u) == 0 ]] || fail "making a Debian root needs root: run as root, or with sudo"
command -v apt-get >/dev/null || fail "making a Debian root needs a Debian with debootstrap; there is no apt-get here"

{
    start=$SECONDS
    source=${DEVSH_DEBIAN_MIRROR:-$(mirror)}
    if [[ -z $source ]]; then # apt knows its archives only once it has looked at them
        apt-get update -q
        source=$(mirror)
    fi
    [[ -n $source ]] || fail "apt knows no Debian mirror: set DEVSH_DEBIAN_MIRROR to one"
    command -v debootstrap >/dev/null && [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] ||
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends debootstrap debian-archive-keyring
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    [[ -z ${http_proxy-} ]] || export http_proxy

    mkdir -p "$(dirname "$root")"
    tmp=$(mktemp -d "$root.XXXXXX")
    trap 'rm -rf --one-file-system "$tmp"' EXIT
    printf 'making a Debian trixie in %s from %s\n' "$root" "$source"
    debootstrap --variant=minbase trixie "$tmp" "$source" || {
        tail -n 20 "$tmp/debootstrap/debootstrap.log" || true
        fail "debootstrap failed"
    }
    # Services must not start; and debootstrap itself cannot install all of these: it knows no virtual packages.
    printf '#!/bin/sh\nexit 101\n' >"$tmp/usr/sbin/policy-rc.d"
    chmod 755 "$tmp/usr/sbin/policy-rc.d"
    cp /etc/resolv.conf "$tmp/etc/resolv.conf" 2>/dev/null || true
    bash "$(dirname "$0")/in-root.sh" "$tmp" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${packages[@]}"
    rm -rf "$tmp"/var/cache/apt/archives/*.deb
    printf '%s\n' "${packages[*]}" >"$tmp/.devsh-made"
    chmod 755 "$tmp"
    rm -rf --one-file-system "$root"
    mv "$tmp" "$root"
    trap - EXIT
    printf 'made in %d s\n' "$((SECONDS - start))"
} </dev/null >&2
printf '%s\n' "$root"
