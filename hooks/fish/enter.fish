# Entering and leaving an environment.

function __devsh_on --no-scope-shadowing
    set -el PATH # a caller's exported local is copied in here, and would leak
    set -g __devsh_generation $generation
    __devsh_enter_$generation
    set -gx DEVSH_GENERATION $__devsh_tree$known/@devsh/g-$generation
    set -gx DEVSH_PROJECT $known
    if not contains -- $generation $__devsh_noted; and test -w $__devsh_state/shells -a ! -p $__devsh_state/shells/$fish_pid
        set -ga __devsh_noted $generation # so that it is kept while this shell lives
        echo -- $DEVSH_GENERATION 2>/dev/null >>$__devsh_state/shells/$fish_pid
    end
    functions -q __devsh_hook_enter_$generation; or functions -q __devsh_hook_leave_$generation; or return
    if set -q __devsh_at_prompt; or test -n "$(status current-commandline)"
        set -g __devsh_hooked
        functions -q __devsh_hook_enter_$generation; and __devsh_call __devsh_hook_enter_$generation
    end
end

# Runs a project's own code.
function __devsh_call
    set -g __devsh_busy
    $argv
    set -eg __devsh_busy
end

# Runs the shellHooks that the project wants run on each entry, and takes over the variables that are not stored.
function __devsh_shell_hook
    test -x "$__devsh_bin"; and $__devsh_bin shell-hook </dev/null | source
end

function __devsh_off
    set -l was $__devsh_generation
    if set -q __devsh_hooked
        set -eg __devsh_hooked
        if functions -q __devsh_hook_leave_$was
            # Not where it was denied meanwhile: the entry says so, or is gone where a place around it was denied.
            set -l id $__devsh_tree$__devsh_dir/@devsh/current/id=*
            set -q id[1]; and not string match -q '*=denied' -- $id; and __devsh_call __devsh_hook_leave_$was
        end
    end
    set -el PATH
    __devsh_unpath_$was; or __devsh_walk
    __devsh_leave_$was; or __devsh_slow
    __devsh_undo_$was
    __devsh_restore
    set -eg __devsh_olds __devsh_hooked __devsh_adopted DEVSH_GENERATION DEVSH_PROJECT
    set -g __devsh_generation none
end
