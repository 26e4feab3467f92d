# Loading: when all is defined.

function __devsh_start
    # In a project's environment its own PATH would answer.
    test -x "$__devsh_bin"; or set -q DEVSH_GENERATION; or set -g __devsh_bin (command -s devsh)
    set -l stranger
    for dir in $HOME $__devsh_state_home $__devsh_state_home/devsh $__devsh_state
        test -e $dir; and not test -O $dir; and set stranger $dir
    end
    # Nor may anybody else own what lies between: something of the user's would be above it.
    set -l dir $__devsh_state
    set -l between
    while string match -rq '(?s)^(?<dir>.+)/[^/]*\z' -- $dir
        if not test -O $dir
            test -e $dir; and set between $dir
        else if set -q between[1]
            set stranger $between
        end
    end
    if set -q stranger[1]
        __devsh_say inert "devsh: $stranger is not yours: standing aside in this shell"
        return 1
    end
    set -l notes $__devsh_state/shells/$fish_pid # of one that had this number before, and was told what this one was not
    test -s $notes -a -f $notes -a ! -L $notes; and true 2>/dev/null >$notes
    if not __devsh_settings; or __devsh_settings_stale
        __devsh_run hook --settings; or set -g __devsh_failed # and it has said why
        __devsh_settings; or set -g __devsh_roots '^'(string escape --style=regex -- $HOME/dev | string collect)'(?:/|\z)'
    end
    set -eg DEVSH_STATE # of the shell that started this one
    set -qx IN_NIX_SHELL; and set -qx NIX_BUILD_TOP; and set -g __devsh_by_hand
    __devsh_adopt
    return 0
end

# Where the environment that this shell was started in is one of ours: know it as entered, so that it can be left.
function __devsh_adopt
    set -l tree (string escape --style=regex -- $__devsh_tree | string collect)
    set -l d
    set -l g
    set -qx DEVSH_GENERATION
    and string match -rq '(?s)^'$tree'(?<d>/.*)/@devsh/g-(?<g>[0-9a-f]+)\z' -- "$DEVSH_GENERATION"
    and not string match -rq '/(?:|[.][.]?)(?:/|\z)' -- $d # nothing that leads out of the tree
    and __devsh_load $DEVSH_GENERATION/enter.fish
    if functions -q "__devsh_adopt_$g"
        __devsh_adopt_$g
        set -g __devsh_generation $g
        set -g __devsh_dir $d
        set -gx DEVSH_PROJECT $d # which the code of a place around may have had otherwise
        # What was put in front of PATH since then, by config.fish for one, must not hide the project's tools: the
        # environment is left and entered anew at the first prompt.
        set -g __devsh_adopted $g
        __devsh_replace "generation $d" $g
        return
    end
    for name in (set -nx | string match -r '^DEVSH_(?:OLD_|WAS_|GENERATION$|PROJECT$).*')
        set -eg $name
    end
end

function __devsh_inherit # NAMES: of these, the ones that had a value before
    for name in $argv
        set -qg DEVSH_OLD_$name; and set -ga __devsh_olds $name
    end
end

if not __devsh_start
    functions -e __devsh_pwd __devsh_prompt
else if not test -t 1 -o -t 2 # not 0: in «devsh hook fish | source» that is the pipe
    __devsh_look # nobody will see a prompt: an editor or an agent wants the environment
end
