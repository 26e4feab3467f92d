# Aliases, functions and completions that come and go with an environment.

# Makes room for an alias or a function. Fails where a function of the user has event handlers: a copy would not have them.
function __devsh_alias_on -a name
    functions -q $name; or return 0
    if string match -rq '^function .* --on-' -- (functions $name)
        __devsh_say "alias $name" "devsh: the project's $name is left out: your function $name handles events"
        return 1
    end
    functions -q __devsh_alias_$name; and functions -e __devsh_alias_$name
    functions -c $name __devsh_alias_$name
end

function __devsh_alias_off -a name
    set -l about (functions -Dv $name 2>/dev/null)
    if contains -- "$about[5]" 'devsh alias' 'devsh function'
        functions -e $name
        # Erasing alone would keep fish from ever loading the user's function again.
        functions -q __devsh_alias_$name; and functions -c __devsh_alias_$name $name
    end
    functions -q __devsh_alias_$name; and functions -e __devsh_alias_$name
end

function __devsh_complete_on
    set -g fish_complete_path $argv $fish_complete_path
    contains -- "$argv" $__devsh_completed; or begin
        set -ga __devsh_completed "$argv"
        return
    end
    # fish loads the completions of a command once, and drops them with the directory: on a further visit they are
    # loaded from here.
    for file in $argv/*.fish
        source $file
    end
end

function __devsh_complete_off
    for dir in $argv
        set -l i (contains -i -- $dir $fish_complete_path); and set -eg fish_complete_path[$i]
    end
end
