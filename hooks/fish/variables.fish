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
# $__devsh_l_missing tells how many are not set. Mostly it is the same ones each time.
function __devsh_save --no-scope-shadowing
    set -l __devsh_l_had __devsh_had_$argv[1]_$__devsh_generation
    set -l __devsh_l_number __devsh_missing_$argv[1]_$__devsh_generation
    if not test "$$__devsh_l_number" = $__devsh_l_missing; or not set -qg $$__devsh_l_had
        set -g $__devsh_l_number $__devsh_l_missing
        set -g $__devsh_l_had
        while set -q argv[1] # by tens, since most are not set
            set -qg $argv[1..10]
            test $status = 10; or for __devsh_l_name in $argv[1..10]
                set -qg $__devsh_l_name; and set -ga $__devsh_l_had $__devsh_l_name
            end
            set -e argv[1..10]
        end
    end
    __devsh_save_these $$__devsh_l_had
end

function __devsh_save_these
    set -ga __devsh_olds $argv
    set -el $argv
    if __devsh_plain $argv
        for __devsh_l_name in $argv
            set -gx --unpath DEVSH_OLD_$__devsh_l_name $$__devsh_l_name
        end
    else
        for __devsh_l_name in $argv
            __devsh_copy $__devsh_l_name DEVSH_OLD_$__devsh_l_name
        end
    end
end

function __devsh_restore
    set -q __devsh_olds[1]; or return
    if __devsh_plain DEVSH_OLD_$__devsh_olds
        for __devsh_l_name in $__devsh_olds
            set -l __devsh_l_old DEVSH_OLD_$__devsh_l_name
            set -gx --unpath $__devsh_l_name $$__devsh_l_old
        end
    else
        for __devsh_l_name in $__devsh_olds
            __devsh_copy DEVSH_OLD_$__devsh_l_name $__devsh_l_name
        end
    end
    set -eg DEVSH_OLD_$__devsh_olds
end

# Are all of the global variables exported, and none a path variable? Then they are copied at a fraction of the cost.
function __devsh_plain
    set -qgx $argv; or return
    set -qg --path $argv
    set -l others $status # how many are none, up to 255
    test $others -gt 0; or return
    set -l rest $argv[$others..-1]
    not set -q rest[2]
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
