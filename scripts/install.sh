#!/bin/sh
# install.sh PROGRAM DIR: puts PROGRAM into DIR in one step, so that a running shell never finds half of it, and says
# what is left to do.
set -eu
program=$1
dir=$2
name=${program##*/}

mkdir -p "$dir"
tmp=$(mktemp "$dir/.$name.XXXXXX")
trap 'rm -f "$tmp"' EXIT
cp "$program" "$tmp"
chmod 755 "$tmp"
mv "$tmp" "$dir/$name"
trap - EXIT
echo "installed $dir/$name"

config=${XDG_CONFIG_HOME:-$HOME/.config}/fish/config.fish
command=$name
case :$PATH: in
    *":$dir:"*) ;;
    *)
        command=$dir/$name
        echo "note: $dir is not on PATH; in fish: fish_add_path $dir"
        ;;
esac
if grep -qs '^[^#]*devsh hook fish' "$config"; then
    echo "$config loads the hook already: open a new shell, or «exec fish»"
else
    echo "now add this line to $config and open a new shell:"
    echo
    echo "    $command hook fish | source"
fi
