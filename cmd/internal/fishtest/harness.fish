# Tells the test what the shell does, by lines in the FIFO that FISHTEST_FIFO names: no screen has to be read.
# Builtins only, so that it works whatever a test does to PATH. What it defines is named __fishtest_*, but for the
# prompt: that is drawn after all fish_prompt events, so its report says that every handler of the hook has run.
status is-interactive; or return
set -q FISHTEST_FIFO; or return

set -g __fishtest_count 0 # commands so far
set -g __fishtest_status 0

# A builtin that a signal interrupts while it writes has written nothing, and fails: once more, then.
function __fishtest_mark
    printf '\e]7777;%s\a' "$argv" 2>/dev/null; or printf '\e]7777;%s\a' "$argv" 2>/dev/null; or printf '\e]7777;%s\a' "$argv"
end

function __fishtest_tell
    echo $argv >$FISHTEST_FIFO; or echo $argv >$FISHTEST_FIFO; or echo $argv >$FISHTEST_FIFO
end

function __fishtest_pre --on-event fish_preexec
    set -g __fishtest_before "$__fishtest_line" # the line before this one
    set -g __fishtest_line "$argv"
    __fishtest_mark begin $__fishtest_count
end

function __fishtest_post --on-event fish_postexec
    set -g __fishtest_status $status
    __fishtest_mark end $__fishtest_count
    set -g __fishtest_count (math $__fishtest_count + 1)
end

function fish_prompt
    __fishtest_tell prompt $fish_pid $__fishtest_count $__fishtest_status
    echo 'test> '
end

function fish_right_prompt
end

function fish_title
end

# Prints global variables as state.go reads them: fields end with NUL, a variable's elements are preceded by their
# number and followed by one more field.
function __fishtest_globals
    for __fishtest_n in $argv
        contains -- $__fishtest_n history argv; and continue
        set -qg $__fishtest_n; or continue
        set -l __fishtest_flags ''
        set -qgx $__fishtest_n; and set __fishtest_flags x
        set -qg --path $__fishtest_n; and set __fishtest_flags {$__fishtest_flags}p
        string join0 -- global $__fishtest_n $__fishtest_flags
        count $$__fishtest_n
        string join0 -- $$__fishtest_n .
    end
end

# The same for universal ones.
function __fishtest_universals
    for __fishtest_n in $argv
        set -qU $__fishtest_n; or continue
        if set -qg $__fishtest_n # hides the value from $$, but not from this
            string join0 -- hidden $__fishtest_n "$(string replace -r '(?s)^.*(?=\$'$__fishtest_n': set in universal scope)' '' -- "$(set -S $__fishtest_n)")"
            continue
        end
        set -l __fishtest_flags ''
        set -qUx $__fishtest_n; and set __fishtest_flags x
        set -qU --path $__fishtest_n; and set __fishtest_flags {$__fishtest_flags}p
        string join0 -- universal $__fishtest_n "$__fishtest_flags"
        count $$__fishtest_n
        string join0 -- $$__fishtest_n .
    end
end

# Writes all there is to know about the shell's state to the files $argv[1].state and $argv[1].env.
function __fishtest_dump
    /usr/bin/env -0 >$argv[1].env
    begin
        __fishtest_globals (set -gn)
        __fishtest_universals (set -Un)
        # What comes with fish and is not loaded stays so, unless the test is about it.
        set -l __fishtest_all $__fish_data_dir/functions/(functions -an).fish
        for __fishtest_n in (path filter -v -f -- $__fishtest_all | string replace -r '.*/(.*)\.fish$' '$1') (string split -n ' ' -- $FISHTEST_WATCH)
            # Fish loads its own helpers when it needs them.
            string match -rq '^__fish(test)?_' -- $__fishtest_n; and continue
            functions -q $__fishtest_n; or continue
            string join0 -- function $__fishtest_n "$(functions $__fishtest_n)"
        end
        string join0 -- text abbreviations "$(abbr --show)"
        string join0 -- text bindings "$(bind --user)"
        string join0 -- text jobs "$(jobs -p)"
        string join0 -- text directory "$PWD"
    end >$argv[1].state
end

__fishtest_tell boot $fish_pid
