#!/usr/bin/env bash
# in-root.sh ROOT COMMAND [ARG...]: runs COMMAND with ROOT as its root directory, with /proc and /dev. The mounts are
# in a namespace of the command's own, and so are its processes: nothing is left, whatever it does. Each directory in
# IN_ROOT_BIND (SOURCE=TARGET, separated by blanks) can be read there too.
set -euo pipefail
if [[ ${1-} != --inside ]]; then
    exec unshare --mount --propagation private --pid --fork --kill-child -- bash "$0" --inside "$@"
fi
root=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for bind in ${IN_ROOT_BIND-}; do
    target=$root${bind#*=}
    mkdir -p "$target"
    mount --bind "${bind%%=*}" "$target"
    mount -o remount,bind,ro "$target"
done
exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root USER=root LANG=C.UTF-8 TERM=dumb ${http_proxy:+"http_proxy=$http_proxy"} \
    ${DEVSH_TEST_SLOW:+"DEVSH_TEST_SLOW=$DEVSH_TEST_SLOW"} ${DEVSH_TEST_N:+"DEVSH_TEST_N=$DEVSH_TEST_N"} \
    "$@"
