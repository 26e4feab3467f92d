# List variables other than PATH, variables to be unset, and those with a value of the moment. What is named here is
# named as in variables.fish.

# A list variable other than PATH gets entries before and after; argv[4] is its value where it was unset or empty.
function __devsh_list_on -a __devsh_l_name __devsh_l_before __devsh_l_after __devsh_l_alone
    set -el $__devsh_l_name
    set -qg $__devsh_l_name; and __devsh_save_these $__devsh_l_name
    set -l __devsh_l_value $__devsh_l_alone
    test -n "$$__devsh_l_name"; and set __devsh_l_value $__devsh_l_before"$$__devsh_l_name"$__devsh_l_after
    set -g __devsh_list_$__devsh_l_name $__devsh_l_value
    set -gx $__devsh_l_name $__devsh_l_value
end

# What a list variable was made to be, as far as the environment of a nested shell tells.
function __devsh_list_adopt -a __devsh_l_name __devsh_l_before __devsh_l_after __devsh_l_alone
    set -l __devsh_l_old DEVSH_OLD_$__devsh_l_name
    set -g __devsh_list_$__devsh_l_name $__devsh_l_alone
    test -n "$$__devsh_l_old"; and set -g __devsh_list_$__devsh_l_name $__devsh_l_before"$$__devsh_l_old"$__devsh_l_after
end

function __devsh_list_off -a __devsh_l_name # then our entries: <ENTRY from before, >ENTRY from after
    set -el $__devsh_l_name
    set -l __devsh_l_made __devsh_list_$__devsh_l_name
    set -l __devsh_l_intact
    set -qg $__devsh_l_name; and test "$$__devsh_l_name" = "$$__devsh_l_made"; and set __devsh_l_intact yes
    set -eg $__devsh_l_made
    if test -n "$__devsh_l_intact"
        set -eg $__devsh_l_name
        return
    end
    if set -qg $__devsh_l_name # the user changed it: only our entries go
        set -l __devsh_l_ours $argv[2..]
        set -l __devsh_l_changed
        set -l __devsh_l_kept
        if set -qg --path $__devsh_l_name
            set __devsh_l_kept $$__devsh_l_name
            __devsh_strip
        else
            set -l __devsh_l_elements
            for __devsh_l_element in $$__devsh_l_name
                set __devsh_l_kept (string split : -- $__devsh_l_element)
                __devsh_strip
                set -a __devsh_l_elements (string join : -- $__devsh_l_kept | string collect -a)
            end
            set __devsh_l_kept $__devsh_l_elements
            test "$__devsh_l_kept" = ''; and set __devsh_l_kept
        end
        if test -n "$__devsh_l_changed"; and not set -q __devsh_l_kept[1]; and not contains -- $__devsh_l_name $__devsh_olds
            set -eg $__devsh_l_name
        else if test -n "$__devsh_l_changed"
            set -g $__devsh_l_name $__devsh_l_kept
        end
    end
    __devsh_forget $__devsh_l_name
end

# Takes the entries $ours out of $kept.
function __devsh_strip --no-scope-shadowing
    for __devsh_l_entry in $__devsh_l_ours
        set -l __devsh_l_i
        set -l __devsh_l_side
        set -l __devsh_l_text
        string match -rq '(?s)^(?<__devsh_l_side>.)(?<__devsh_l_text>.*)\z' -- $__devsh_l_entry
        if test "$__devsh_l_side" = '<'
            set __devsh_l_i (contains -i -- $__devsh_l_text $__devsh_l_kept)
        else if set __devsh_l_i (contains -i -- $__devsh_l_text $__devsh_l_kept[-1..1])
            set __devsh_l_i -$__devsh_l_i
        end
        set -q __devsh_l_i[1]; and set -e __devsh_l_kept[$__devsh_l_i]; and set __devsh_l_changed yes
    end
end

# The variable is to be unset, also where a universal one shines through.
function __devsh_unset_on -a __devsh_l_name
    set -el $__devsh_l_name
    set -qg $__devsh_l_name; and __devsh_save_these $__devsh_l_name
    set -eg $__devsh_l_name
    if set -qUx $__devsh_l_name # fish exports it behind any but an exported one: empty is the nearest to unset
        set -gx $__devsh_l_name
    else if set -q $__devsh_l_name
        set -gu $__devsh_l_name
    end
end

function __devsh_unset_off -a __devsh_l_name
    set -el $__devsh_l_name
    set -qg $__devsh_l_name; or return
    if set -qg "$__devsh_l_name"[1]
        __devsh_forget $__devsh_l_name # the user has set it
    else
        set -eg $__devsh_l_name
    end
end

# A variable has got its value on entering, from a shellHook that was run.
function __devsh_value_on -a __devsh_l_name __devsh_l_value
    set -el $__devsh_l_name
    set -qg $__devsh_l_name; and __devsh_save_these $__devsh_l_name
    set -gx DEVSH_WAS_$__devsh_l_name $__devsh_l_value
    set -gx $__devsh_l_name $__devsh_l_value
end

function __devsh_value_off -a __devsh_l_name
    set -el $__devsh_l_name
    set -l __devsh_l_was DEVSH_WAS_$__devsh_l_name
    set -qg $__devsh_l_was; or return
    if set -qg $__devsh_l_name; and test "$$__devsh_l_name" = "$$__devsh_l_was"
        set -eg $__devsh_l_name
    else
        __devsh_forget $__devsh_l_name
    end
    set -eg $__devsh_l_was
end
