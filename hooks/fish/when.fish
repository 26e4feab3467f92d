# When to look: on a change of directory, at a prompt, when something was published.

function __devsh_pwd --on-variable PWD
    set -q __devsh_busy; and return # a project's hook goes somewhere: the next prompt follows
    # A prompt or a completion that changes directory and back again is not the user going somewhere.
    status is-command-substitution; and test -z "$(status current-commandline)"; and return
    # Where one has been before within the place that is active, there is nothing to look at before the prompt.
    if contains -- "$PWD" $__devsh_seen; and test "$__devsh_current" -ef "$__devsh_entry" -a -z "$DIRENV_DIR"
        set -g __devsh_at $PWD
        set -g __devsh_below false
        test "$PWD" = "$__devsh_dir"; and return
        set -g __devsh_below __devsh_news
        __devsh_news; or return
    end
    __devsh_look
end

# One check a prompt, each in turn, so that a prompt's work does not grow with the inputs: $__devsh_turn is the next.
function __devsh_prompt --on-event fish_prompt
    $__devsh_turn; and not $__devsh_below; and return
    set -q __devsh_later[1]; and printf '%s\n' $__devsh_later >&2
    set -eg __devsh_later __devsh_passing
    test -t 0; and set -g __devsh_at_prompt yes; and set -g __devsh_prompted
    __devsh_look
    set -eg __devsh_at_prompt
end

# Something was published for a place where this shell stands. The person may be typing: what is to be told waits.
function __devsh_wake --on-signal URG
    set -q __devsh_busy; and return # the next prompt follows
    set -g __devsh_at_prompt yes
    set -g __devsh_woken woken
    __devsh_look
    set -eg __devsh_woken __devsh_at_prompt
    set -q __devsh_later[1]; and set -g __devsh_turn false
    # Not over the pager: a repaint between two Tabs would take the second for another first one.
    commandline -P 2>/dev/null; or commandline -f repaint 2>/dev/null
end

# The turn where no place is active.
function __devsh_outside
    test "$PWD$DIRENV_DIR" = "$__devsh_at"
end

# The turn after a failure: the inputs are left in peace until the next cd, or until something is published.
function __devsh_resting
    test "$PWD$DIRENV_DIR" = "$__devsh_at"; or return
    # Unset, both sides of -ef are files that do not exist, and to fish 3.6 these are the same.
    not set -q __devsh_current; or test "$__devsh_current" -ef "$__devsh_entry"
end
