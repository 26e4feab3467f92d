#!/bin/sh
# install.sh PROGRAM DIR: puts PROGRAM into DIR in one step, so that a running shell never finds half of it, and says
# what is left to do.
set -eu
program=$1
dir=$2
name=${program##*/}

mkdir -p "$dir"
dir=$(cd "$dir" && pwd) # as fish_add_path wants it
tmp=$(mktemp "$dir/.$name.XXXXXX")
trap 'rm -f "$tmp"' EXIT
cp "$program" "$tmp"
chmod 755 "$tmp"
mv "$tmp" "$dir/$name"
trap - EXIT
echo "installed $dir/$name"
old_fish=$(sh "$(dirname "$0")/fish-version.sh") || echo "note: $old_fish"

config=${XDG_CONFIG_HOME:-$HOME/.config}/fish/config.fish
# What is on PATH here need not be on that of a fish that logs in; and «devsh allow», as devsh says it, has to be found.
path="fish_add_path '$dir'"
hook="$name hook fish | source"
if grep -qs '^[^#]*devsh hook fish' "$config"; then
    hook=
    case :$PATH: in *":$dir:"*) path= ;; esac
fi
if [ -n "$path$hook" ]; then
    echo "now add this to $config, and open a new fish:"
    echo
    [ -z "$path" ] || echo "    $path"
    [ -z "$hook" ] || echo "    $hook"
    echo
else
    echo "$config loads the hook already: open a new fish, or «exec fish»"
fi
