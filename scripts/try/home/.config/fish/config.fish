set -g fish_greeting
devsh hook fish | source
