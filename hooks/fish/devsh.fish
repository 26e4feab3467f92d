# devsh's door into fish: it notices that $PWD or an input changed, and sources what devsh has written in its own
# state directory. While nothing changed it starts no process: builtins only, and no command substitution, which
# costs more than all the rest. The words are those of docs/architecture.md; what it costs, docs/performance.md.
status is-interactive; or return
functions -q __devsh_look; and return

set -g __devsh_abi 1 # the agreement between this file and the state directory: hooks.ABI
set -g __devsh_home $HOME # where the user's files are, whatever a project does to these variables
set -g __devsh_state_home $HOME/.local/state
string match -q '/*' -- $XDG_STATE_HOME; and set -g __devsh_state_home $XDG_STATE_HOME
# As the program writes it, whose paths are compared with ours: without a slash at its end, for one.
set -g __devsh_state_home (path normalize -- $__devsh_state_home | string collect)
set -g __devsh_config_home $HOME/.config
string match -q '/*' -- $XDG_CONFIG_HOME; and set -g __devsh_config_home $XDG_CONFIG_HOME
set -g __devsh_state $__devsh_state_home/devsh/v$__devsh_abi
set -g __devsh_tree $__devsh_state/tree # what is known of a directory D is in $__devsh_tree/D/@devsh
set -g __devsh_runtime $XDG_RUNTIME_DIR
set -g __devsh_generation none
set -g __devsh_turn false # a prompt that finds nothing looked at yet looks

# --- when to look -----------------------------------------------------------------------------------------------

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
    set -q __devsh_later; and printf '%s\n' $__devsh_later >&2
    set -eg __devsh_later
    test -t 0; and set -g __devsh_at_prompt yes; and set -g __devsh_prompted
    __devsh_look
    set -eg __devsh_at_prompt
end

# Something was published for a place where this shell stands. The person may be typing: what is to be told waits.
function __devsh_wake --on-signal URG
    set -q __devsh_busy; and return # the next prompt follows
    set -g __devsh_at_prompt yes
    set -g __devsh_woken
    __devsh_look
    set -eg __devsh_woken __devsh_at_prompt
    set -q __devsh_later; and set -g __devsh_turn false
    commandline -f repaint 2>/dev/null
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

# --- which place governs $PWD, and is what is known of it still true --------------------------------------------

# With an argument the program has just been asked: what it left is taken as it is. The other names are its own, and
# those of the functions that follow.
function __devsh_look -a asked known entry generation kind state
    set -g __devsh_at "$PWD$DIRENV_DIR"
    set -eg __devsh_gaveup
    set -l d $PWD
    if set -q __devsh_linked; and string match -rq -- $__devsh_linked $d
        builtin path resolve -Z -- $PWD | read -z d
    else if not string match -rq -- $__devsh_roots $d; and not __devsh_led_in
        __devsh_nowhere
        return
    end
    if not __devsh_find
        builtin path resolve -Z -- $PWD | read -z d # perhaps there is a link on the way
        if not string match -rq -- $__devsh_roots $d
            __devsh_nowhere
            return
        end
        if not __devsh_find
            test -z "$asked"; and __devsh_ask; and __devsh_look asked; and return
            __devsh_rest
            __devsh_within; or __devsh_nowhere
            return
        end
    end
    if test "$entry" = same
        # Within the place that is active already, the prompts look at its inputs.
        if test -z "$asked$__devsh_adopted$DIRENV_DIR$__devsh_at_prompt" -a "$state" != building
            test "$d" = "$known"; and set -g __devsh_below false; or set -g __devsh_below __devsh_news
            test "$d" = "$PWD"; and set -ga __devsh_seen $d
            return
        end
        __devsh_read
    end
    if test -z "$asked"; and begin
            __devsh_stale; or __devsh_needed
        end; and __devsh_ask
        __devsh_look asked
        return
    end
    __devsh_go
end

# $PWD is outside of the roots by name: does a link lead into one?
function __devsh_led_in --no-scope-shadowing
    set -l level $d
    while not test -L "$level"
        string match -rq '(?s)^(?<level>.+)/[^/]*\z' -- $level; or return 1
    end
    builtin path resolve -Z -- $PWD | read -z d
    string match -rq -- $__devsh_roots $d
end

# Finds the nearest directory from $d upwards of which something is known, and what. Fails where there is a link, or
# a project of which nothing is known yet.
function __devsh_find --no-scope-shadowing
    set known $d
    while not test -e "$__devsh_tree$known/@devsh/current"
        test -L "$known" -o -e "$known/devsh.toml" -o -e "$known/flake.nix" -o -e "$known/shell.nix"; and return 1
        string match -rq '(?s)^(?<known>.+)/[^/]*\z' -- $known; or return 1
    end
    if set -q __devsh_current; and test "$known" = "$__devsh_dir" -a "$__devsh_current" -ef "$__devsh_entry"
        set entry same
        set kind $__devsh_kind
        set state $__devsh_standing
    else
        __devsh_read; or return 1
    end
    test "$d" = "$known" -o "$kind" = project; and return 0
    # Below a root or a repository also the weaker signs of a project count.
    set -l level $d
    while test "$level" != "$known"
        __devsh_sign $level; and return 1
        string match -rq '(?s)^(?<level>.+)/[^/]*\z' -- $level; or return 1
    end
end

# Reads what is known of $known. A file's name tells, since reading a file costs more than all else here.
function __devsh_read --no-scope-shadowing
    set -l id $__devsh_tree$known/@devsh/current/id=*
    string match -rq '/id=(?<entry>[^=/]+)=(?<generation>[^=/]+)=(?<kind>[^=/]+)=(?<state>[^=/]+)\z' -- $id
end

# Has an input changed since the entry was made?
function __devsh_stale --no-scope-shadowing
    functions -q __devsh_stale_$entry; or __devsh_load $__devsh_tree$known/@devsh/$entry/check.fish
    functions -q __devsh_stale_$entry; or return 0
    __devsh_stale_$entry
end

# Is what is being built needed by what comes next on the command line?
function __devsh_needed --no-scope-shadowing
    test "$state" = building; and not set -q __devsh_at_prompt; or return
    set -l wait soon
    __devsh_patience
    test $wait != soon
end

# Makes the generation of the place $known the active one.
function __devsh_go --no-scope-shadowing
    set -g __devsh_current $__devsh_tree$known/@devsh/current
    set -g __devsh_entry $__devsh_tree$known/@devsh/$entry
    set -g __devsh_id $entry
    set -g __devsh_kind $kind
    set -g __devsh_standing $state
    functions -q __devsh_stale_$entry; or __devsh_load $__devsh_entry/check.fish
    set -l note __devsh_note_$entry
    set -g __devsh_turn __devsh_turn_0_$entry
    set -g __devsh_seen
    test "$d" = "$PWD" -a "$state" != building; and set -g __devsh_seen $d
    test "$d" = "$known"; and set -g __devsh_below false; or set -g __devsh_below __devsh_news
    set -q __devsh_gaveup; and __devsh_rest
    set -q __devsh_by_hand; or set -q DIRENV_DIR; and __devsh_aside; and set generation none
    if not contains -- $known $__devsh_stood; and test -w $__devsh_state/shells
        set -ga __devsh_stood $known # so that this shell is woken when something is published
        echo -- at $known 2>/dev/null >>$__devsh_state/shells/$fish_pid
    end
    if test "$state" = building
        contains -- $known $__devsh_awaited; or set -ga __devsh_awaited $known
        if not test "$__devsh_current" -ef "$__devsh_entry" # done, before this shell could be woken
            __devsh_look $asked
            return
        end
    else if set -l i (contains -i -- $known $__devsh_awaited)
        set -eg __devsh_awaited[$i]
        set -l said $__devsh_runtime/devsh/said/$entry # what a shellHook printed; the first shell that comes shows it
        if test -s $said -a -f $said -a -O $said
            read -lz text <$said
            __devsh_print (string split -n \n -- $text)
            true >$said
        end
    end
    if test "$state" != ok
        contains -- $known $__devsh_uneasy; or set -ga __devsh_uneasy $known
        # «devsh allow» or «devsh reload» in this shell have said it.
        test -f $__devsh_state/shells/$fish_pid; and string match -q "told $entry" <$__devsh_state/shells/$fish_pid; and set -ga __devsh_said "$known $$note"
    else if contains -- $known $__devsh_uneasy
        set -eg __devsh_uneasy __devsh_said # it is well again: what comes next is news
    end
    if test "$generation" = "$__devsh_generation" -a "$known" = "$__devsh_dir" -a -z "$__devsh_adopted"
        test "$state" = ok; or __devsh_say "$known $$note" "$$note"
        return
    end
    if test "$generation" != none; and not functions -q __devsh_enter_$generation
        __devsh_load $__devsh_tree$known/@devsh/g-$generation/enter.fish
        if not functions -q __devsh_enter_$generation
            __devsh_say "load $generation" "devsh: cannot read $__devsh_tree$known/@devsh/g-$generation: run «devsh reload»"
            __devsh_rest
            return
        end
    end
    set -l again "$__devsh_adopted"
    test "$__devsh_generation" = none; or __devsh_off
    set -g __devsh_dir $known
    if test "$generation" != none
        __devsh_on
        test "$state" = ok -a "$again" != "$generation" -a "$__devsh_message" != quiet -a -t 2; and __devsh_print $$note
    end
    test "$state" = ok; or __devsh_say "$known $$note" "$$note"
end

function __devsh_rest
    set -g __devsh_turn __devsh_resting
    set -g __devsh_below false
end

# No place governs $PWD.
function __devsh_nowhere
    set -g __devsh_turn __devsh_outside
    set -g __devsh_below false
    set -q __devsh_current; or set -q __devsh_adopted; or return
    test "$__devsh_generation" = none; or __devsh_off
    set -eg __devsh_current __devsh_entry __devsh_seen __devsh_dir __devsh_gaveup
end

# Should another tool's environment be left alone?
function __devsh_aside --no-scope-shadowing
    test "$generation" = none; and return 1
    if set -q __devsh_by_hand
        __devsh_say by_hand 'devsh: this is a nix shell made by hand: standing aside in it'
    else if set -q DIRENV_DIR; and test "-$known" = "$DIRENV_DIR"
        __devsh_say "direnv $known" 'devsh: direnv is active in this project: standing aside («direnv deny» hands it over)'
    else
        return 1
    end
end

# Is the place that was active around $PWD still?
function __devsh_within --no-scope-shadowing
    set -q __devsh_dir; and string match -rq -- '^'(string escape --style=regex -- $__devsh_dir | string collect)'(?:/|\z)' $d
end

# At the prompt: has a sign of a project come up in $PWD?
function __devsh_news
    test -e ./devsh.toml -o -e ./flake.nix -o -e ./shell.nix; and return
    test "$__devsh_kind" != project; and __devsh_sign .
end

# The last turn of all: has none come up between $PWD and the place that governs it?
function __devsh_between -a d known entry generation kind state
    set -g __devsh_turn __devsh_turn_0_$__devsh_id
    __devsh_resting; or return
    test "$PWD" = "$__devsh_dir"; and return
    set d $PWD
    __devsh_find; and test "$known" = "$__devsh_dir"
end

# Is the directory a project by a version-control directory or a language's manifest? (project.Markers)
function __devsh_sign -a in
    test -e $in/.git -o -e $in/.hg -o -e $in/.jj -o -e $in/.svn -o -e $in/package.json -o -e $in/go.mod -o -e $in/Cargo.toml -o -e $in/pyproject.toml -o -e $in/setup.py -o -e $in/requirements.txt -o -e $in/deno.json
end

# --- entering and leaving ---------------------------------------------------------------------------------------

function __devsh_on --no-scope-shadowing
    set -el PATH # a caller's exported local is copied in here, and would leak
    set -g __devsh_generation $generation
    __devsh_enter_$generation
    set -gx DEVSH_GENERATION $__devsh_tree$known/@devsh/g-$generation
    set -gx DEVSH_PROJECT $known
    if not contains -- $generation $__devsh_noted; and test -w $__devsh_state/shells
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

# The functions from here to __devsh_value_off look at variables by name: what they name themselves must be named as
# no project may name a variable, or $$name would be their own.

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

# A list variable other than PATH gets entries before and after; argv[4] is its value where it was unset or empty.
function __devsh_list_on -a __devsh_l_name __devsh_l_before __devsh_l_after __devsh_l_alone
    set -el $__devsh_l_name
    __devsh_save $__devsh_l_name
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
    __devsh_save $__devsh_l_name
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
    __devsh_save $__devsh_l_name
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

# --- the program ------------------------------------------------------------------------------------------------

# Has the program find out about $PWD. Fails where it could not, and then is left in peace until the next cd. Why it
# could not is said once: until it can again, the program runs unheard («devsh status» tells).
function __devsh_ask
    set -q __devsh_outdated; and return 1
    set -l wait soon
    set -q __devsh_at_prompt; or __devsh_patience
    if set -q __devsh_failed; or set -q __devsh_woken
        __devsh_run enter --abi $__devsh_abi --wait $wait -- $PWD 2>/dev/null
    else
        __devsh_run enter --abi $__devsh_abi --wait $wait -- $PWD
    end
    set -l result $status
    __devsh_settings
    set -eg __devsh_failed
    test $result = 0; and return 0
    set -g __devsh_gaveup # until the next cd
    test $result = 130; or set -g __devsh_failed # interrupted
    test $result = 3; and set -g __devsh_outdated
    return 1
end

# How long can be waited for what takes long? For a line that does nothing but change directory, not at all: the
# environment follows by itself. Any other needs it for what comes next.
function __devsh_patience --no-scope-shadowing
    if not set -q __devsh_prompted; and begin
            not test -t 2; or string split0 <"/proc/$fish_pid/cmdline" | string match -rq '^(?:-[a-zA-Z]*c|--command(?:=.*)?)$'
        end
        set wait capture # nobody will see a prompt
        return
    end
    status current-commandline | read -z line
    test -n "$line"; and not string match -rq -- $__devsh_goes $line; and set wait done
end

# A command that changes directory, with words that hold no other command; or a directory.
set -l __devsh_word '(?:[^\\\\\'";&|()<>#\n]|\\\\.|\'(?:[^\'\\\\]|\\\\.)*\'|"(?:[^"\\\\]|\\\\.)*")'
set -g __devsh_goes '^\s*(?:(?:builtin\s+)?(?:cd|z|zi|j|pushd|popd|prevd|nextd|cdh|\.\.+)(?:\s'$__devsh_word'*)?|(?=[~./]|.*/\s*$)(?:(?! )'$__devsh_word')*)\s*$'

function __devsh_run
    if not test -x "$__devsh_bin"
        __devsh_say missing "devsh: $__devsh_bin is missing: the environment stays as it is"
        return 1
    end
    # Nothing of ours may appear on the descriptors 0 and 1: an editor may be reading the environment from them.
    HOME=$__devsh_home XDG_STATE_HOME=$__devsh_state_home XDG_CONFIG_HOME=$__devsh_config_home \
        $__devsh_bin $argv </dev/null >&2
end

# Says a thing once in this shell.
function __devsh_say -a key text
    contains -- "$key" $__devsh_said; and return
    set -ga __devsh_said "$key"
    test -z "$text"; or __devsh_print "$text"
end

function __devsh_print
    set -q argv[1]; or return 0
    if set -q __devsh_woken
        set -ga __devsh_later $argv
    else
        printf '%s\n' $argv >&2
    end
end

# Sources a file of the state directory, if it is the user's own.
function __devsh_load -a file
    test -O "$file" -a -f "$file"; and source $file 2>/dev/null
end

# The user's settings, as the program last read them.
function __devsh_settings
    __devsh_load $__devsh_state/settings/settings.fish
    contains -- "$DEVSH_MESSAGE" quiet normal verbose; and set -g __devsh_message $DEVSH_MESSAGE
    set -q __devsh_roots
end

function __devsh_settings_stale
    set -l config $__devsh_config_home/devsh/config.toml
    set -l was $__devsh_state/settings
    test -e $was/stamp; or begin
        test -e $config
        return
    end
    # Links into the Nix store all have the same time: there the link's target tells.
    test ! -e $config -o $config -nt $was/stamp -o $config -ot $was/stamp -o ! $config -ef $was/link
end

# --- loading ----------------------------------------------------------------------------------------------------

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
    if not __devsh_settings; or __devsh_settings_stale
        __devsh_run hook --settings; or set -g __devsh_failed # and it has said why
        __devsh_settings; or set -g __devsh_roots '^'(string escape --style=regex -- $HOME/dev | string collect)'(?:/|\z)'
    end
    set -qx IN_NIX_SHELL; and set -qx NIX_BUILD_TOP; and set -g __devsh_by_hand
    set -qx DEVSH_GENERATION; and __devsh_adopt
    return 0
end

# The environment that this shell was started in is one of ours: know it as entered, so that it can be left.
function __devsh_adopt
    set -l tree (string escape --style=regex -- $__devsh_tree | string collect)
    set -l d
    set -l g
    string match -rq '(?s)^'$tree'(?<d>/.*)/@devsh/g-(?<g>[0-9a-f]+)\z' -- "$DEVSH_GENERATION"
    and test "$d" = "$DEVSH_PROJECT"
    and not string match -rq '/(?:|[.][.]?)(?:/|\z)' -- $d # nothing that leads out of the tree
    and __devsh_load $DEVSH_GENERATION/enter.fish
    if functions -q __devsh_adopt_$g
        __devsh_adopt_$g
        set -g __devsh_generation $g
        set -g __devsh_dir $d
        # What was put in front of PATH since then, by config.fish for one, must not hide the project's tools: the
        # environment is left and entered anew at the first prompt.
        set -g __devsh_adopted $g
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
