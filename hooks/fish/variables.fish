# Variables that were there before, or that the person changed meanwhile. Functions that look at variables by name name
# their own as no project may name one, or $$name would be theirs.

# Copies a global variable with its flags.
function __devsh_copy -a __devsh_l_from __devsh_l_to
    set -l __devsh_l_flags -u --unpath
    set -qgx $__devsh_l_from; and set __devsh_l_flags[1] -x
    set -qg --path $__devsh_l_from; and set __devsh_l_flags[2] --path
    set -g $__devsh_l_flags $__devsh_l_to $$__devsh_l_from
end

# Of the names, those that are set keep what they were until the environment is left. What was exported is so under
# its other name too: that is how a nested shell knows.
function __devsh_save
    while set -q argv[1] # by tens, since mostly none is set
        set -qg $argv[1..10]
        test $status = 10; or __devsh_save_each $argv[1..10]
        set -e argv[1..10]
    end
end

function __devsh_save_each
    for __devsh_l_name in $argv
        set -qg $__devsh_l_name; or continue
        set -el $__devsh_l_name
        set -ga __devsh_olds $__devsh_l_name
        if set -qgx $__devsh_l_name; and not set -qg --path $__devsh_l_name # most are so
            set -gx --unpath DEVSH_OLD_$__devsh_l_name $$__devsh_l_name
        else
            __devsh_copy $__devsh_l_name DEVSH_OLD_$__devsh_l_name
        end
    end
end

function __devsh_restore
    for __devsh_l_name in $__devsh_olds
        set -l __devsh_l_old DEVSH_OLD_$__devsh_l_name
        if set -qgx $__devsh_l_old; and not set -qg --path $__devsh_l_old
            set -gx --unpath $__devsh_l_name $$__devsh_l_old
        else
            __devsh_copy $__devsh_l_old $__devsh_l_name
        end
    end
    set -q __devsh_olds[1]; and set -eg DEVSH_OLD_$__devsh_olds
end

# Some value is not as it was made: what the user changed stays, the rest goes.
function __devsh_slow
    __devsh_data_$__devsh_generation
    for __devsh_l_name in $__devsh_names
        set -el $__devsh_l_name
        if set -qg $__devsh_l_name; and test "$$__devsh_l_name" = "$__devsh_was[1]"
            set -eg $__devsh_l_name
        else
            __devsh_forget $__devsh_l_name
        end
        set -eg __devsh_was[1]
    end
end

# The user has changed the variable meanwhile: what it was before no longer matters.
function __devsh_forget -a __devsh_l_name
    set -l __devsh_l_i (contains -i -- $__devsh_l_name $__devsh_olds); or return
    set -eg __devsh_olds[$__devsh_l_i] DEVSH_OLD_$__devsh_l_name
end

# PATH is not as it was made: our entries are taken out one by one.
function __devsh_walk
    set -qg PATH; or return
    __devsh_data_$__devsh_generation
    set -l kept
    for entry in $PATH
        if set -q __devsh_before[1]; and test "$entry" = "$__devsh_before[1]"
            set -eg __devsh_before[1]
        else
            set -a kept $entry
        end
    end
    for entry in $__devsh_before # out of order, or gone
        set -l i (contains -i -- $entry $kept); and set -e kept[$i]
    end
    for entry in $__devsh_after[-1..1]
        set -l i (contains -i -- $entry $kept[-1..1]); and set -e kept[-$i]
    end
    set -g PATH $kept
end
