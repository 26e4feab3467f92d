# Which place governs $PWD, and is what is known of it still true?

# With an argument the program has just been asked: what it left is taken as it is. The other names are its own, and
# those of the functions that follow.
function __devsh_look -a asked known entry generation kind state
    set -g __devsh_at "$PWD$DIRENV_DIR"
    set -eg __devsh_gaveup
    set -l d $PWD
    if set -q __devsh_linked; and string match -rq -- $__devsh_linked $d
        builtin path resolve -Z -- $PWD | read -z d
    else if not string match -rq -- $__devsh_roots $d; and not __devsh_led_in
        if test -z "$asked"; and __devsh_resettled
            __devsh_look
            return
        end
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
            set -q __devsh_seen[100]; and set -eg __devsh_seen[1] # each is compared on each cd
            return
        end
        __devsh_read
    end
    # A failure that wakes this shell is tried again once, since its inputs may have changed meanwhile. Where one is
    # never as it was recorded, it would fail, wake this shell and be tried for ever.
    if test -z "$asked"; and not test "$__devsh_woken $state $entry" = "woken failed $__devsh_retried"; and begin
            __devsh_stale; or __devsh_needed
        end; and begin
            test "$state" = failed; and set -g __devsh_retried $entry
            __devsh_ask
        end
        __devsh_look asked
        return
    end
    __devsh_go
end

# $PWD is outside of the roots: if it looks like a project, has config.toml named another root meanwhile? Elsewhere a
# look at the settings would make each cd dearer.
function __devsh_resettled
    test -e ./devsh.toml -o -e ./flake.nix -o -e ./shell.nix; or return
    set -l was "$__devsh_roots$__devsh_linked"
    if __devsh_settings_stale
        if set -q __devsh_failed; or set -q __devsh_woken
            __devsh_run hook --settings 2>/dev/null; and set -eg __devsh_failed
        else
            __devsh_run hook --settings; or set -g __devsh_failed
        end
    end
    __devsh_settings # which another shell may have had written
    test "$__devsh_roots$__devsh_linked" != "$was"
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
    functions -q __devsh_stale_$entry; or __devsh_load_entry; or return 0
    __devsh_stale_$entry
end

# Fails where it cannot be loaded: it counts as stale then.
function __devsh_load_entry --no-scope-shadowing
    __devsh_load $__devsh_tree$known/@devsh/$entry/check.fish
    functions -q __devsh_stale_$entry; or return
    __devsh_replace "entry $known" $entry
    return 0
end

# What was loaded takes the place of what was loaded for the same before. That goes, since a shell may live through
# thousands of changes.
function __devsh_replace -a what id
    set -l i (contains -i -- $what $__devsh_loaded)
    if not set -q i[1]
        set -ga __devsh_loaded $what
        set -ga __devsh_ids $id
        return
    end
    set -l old $__devsh_ids[$i]
    set -g __devsh_ids[$i] $id
    test "$old" = "$id"; and return
    test "$old" = "$__devsh_id"; and set -g __devsh_turn false # should this be interrupted now
    functions -e (functions -an | string match -- "__devsh_*_$old")
    set -eg __devsh_note_$old
    set -l n (contains -i -- $old $__devsh_noted); and set -eg __devsh_noted[$n]
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
    if test "$state" = ok
        set -q DEVSH_STATE; and set -eg DEVSH_STATE
    else
        set -gx DEVSH_STATE $state
    end
    functions -q __devsh_stale_$entry; or __devsh_load_entry
    set -l note __devsh_note_$entry
    set -g __devsh_turn __devsh_turn_0_$entry
    set -g __devsh_seen
    test "$d" = "$PWD" -a "$state" != building; and set -g __devsh_seen $d
    test "$d" = "$known"; and set -g __devsh_below false; or set -g __devsh_below __devsh_news
    set -q __devsh_gaveup; and __devsh_rest
    set -q __devsh_by_hand; or set -q DIRENV_DIR; and __devsh_aside; and set generation none
    if not contains -- $known $__devsh_stood; and test -w $__devsh_state/shells -a ! -p $__devsh_state/shells/$fish_pid
        set -ga __devsh_stood $known # so that this shell is woken when something is published
        echo -- at $known 2>/dev/null >>$__devsh_state/shells/$fish_pid
    end
    set -q __devsh_passing; and __devsh_passed $known "$$note"
    if test "$state" = building
        contains -- $known $__devsh_awaited; or set -ga __devsh_awaited $known
        if not test "$__devsh_current" -ef "$__devsh_entry" # done, before this shell could be woken
            __devsh_look $asked
            return
        end
    else
        set -q __devsh_awaited[1]; and set -l i (contains -i -- $known $__devsh_awaited); and set -eg __devsh_awaited[$i]
        set -l said "$__devsh_runtime"/devsh/said/$entry # what a shellHook printed; the first shell that comes shows it
        if test -s $said -a -f $said -a -O $said -a -t 2
            echo $fish_pid >>$said.by # many may be woken at once: who is first in there is the one
            read -l by <$said.by
            if test "$by" = $fish_pid
                read -lz text <$said
                __devsh_print (string split -n \n -- $text)
                true >$said
            end
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
    set -l loaded
    if test "$generation" != none; and not functions -q __devsh_enter_$generation
        __devsh_load $__devsh_tree$known/@devsh/g-$generation/enter.fish
        if not functions -q __devsh_enter_$generation
            __devsh_say "load $generation" "devsh: cannot read $__devsh_tree$known/@devsh/g-$generation: run «devsh reload»"
            __devsh_rest
            return
        end
        set loaded yes
    end
    set -l again "$__devsh_adopted"
    test "$__devsh_generation" = none; or __devsh_off
    set -g __devsh_dir $known
    if test "$generation" != none
        __devsh_on
        test -n "$loaded"; and __devsh_replace "generation $known" $generation
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
    set -eg __devsh_current __devsh_entry __devsh_seen __devsh_dir __devsh_gaveup DEVSH_STATE
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

# For themes: what the person may want to know of the place, where all is not well; $DEVSH_STATE has its first word.
function devsh_prompt --description 'Tell what devsh is at here: building (how far), failed, changed or not-allowed'
    test -n "$DEVSH_STATE" -a "$DEVSH_STATE" != denied; or return 0
    set -l what
    set -l finished
    set -l expected 0
    set -l file $__devsh_tree$__devsh_dir/@devsh/progress
    test "$DEVSH_STATE" = building -a -f $file
    and string match -rq '"What":"(?<what>[^"]*)","Done":(?<finished>\d+),"Expected":(?<expected>\d+)' <$file
    and test $expected != 0
    and set -a what $finished/$expected
    echo $DEVSH_STATE $what
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
