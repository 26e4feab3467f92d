#!/usr/bin/env bash
# test-fish4.sh: runs the suites that drive fish and nix in a Debian with fish 4, which is what NixOS has. The tests
# are built here, so that nothing but what they test comes from there. As root, or with sudo.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(./cmd/internal/fishtest ./cmd/internal/shelltest ./cmd/internal/noprocess ./cmd/internal/faulttest ./shell/nixenv)

# The go command runs as the user, so that its caches stay the user's.
if [[ $(id -u) == 0 ]]; then
    as_root=()
elif command -v sudo >/dev/null; then
    as_root=(sudo)
    [[ -t 0 ]] || as_root+=(-n)
    as_root+=(env "HOME=$HOME" "PATH=$PATH")
    for name in XDG_CACHE_HOME DEVSH_TRIXIE_ROOT DEVSH_DEBIAN_MIRROR DEVSH_TEST_SLOW DEVSH_TEST_N; do
        [[ -z ${!name-} ]] || as_root+=("$name=${!name}")
    done
else
    echo "error: the tests with fish 4 run in a Debian root: run as root, or install sudo" >&2
    exit 1
fi

root=$("${as_root[@]}" bash scripts/trixie.sh)
bins=$(mktemp -d)
chmod 755 "$bins" # some tests act as another user
trap 'rm -rf "$bins"' EXIT
export CGO_ENABLED=0 # no C library is shared between here and there
go build -o "$bins/devsh" ./cmd/devsh
for package in "${packages[@]}"; do
    go test -c -o "$bins/${package##*/}.test" "$package"
done

inside() {
    "${as_root[@]}" env "IN_ROOT_BIND=$PWD=/opt/src $bins=/opt/bin" bash scripts/in-root.sh "$root" "$@"
}
inside sh -c 'fish --version; nix --version'
failed=
for package in "${packages[@]}"; do
    echo "--- $package"
    inside env DEVSH_TEST_FISH=/usr/bin/fish DEVSH_TEST_BIN=/opt/bin/devsh \
        sh -c "cd /opt/src/$package && exec /opt/bin/${package##*/}.test -test.timeout 7m" || failed="$failed $package"
done
[[ -z $failed ]] || {
    echo "FAILED with fish 4:$failed" >&2
    exit 1
}
