#!/bin/sh
# fish-version.sh: says what is wrong with the fish that is found, and fails, where devsh is of no use in it.
set -eu
oldest=3.6
version=$(fish --version 2>/dev/null) || {
    echo "there is no fish here: devsh needs fish $oldest or later"
    exit 1
}
version=${version##* }
[ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1)" = "$oldest" ] || {
    echo "fish $version is too old: devsh needs fish $oldest or later, https://fishshell.com has it"
    exit 1
}
