# devsh's door into bash and zsh. At each prompt a function that devsh wrote for the place looks, with tests alone,
# whether something changed; only then the program is called, and says what to do. What is here is written so that both
# shells read it alike, whatever the person does to IFS, set -e and set -u. Locals are named as no project may name a
# variable.

__devsh_at=                # the directory that was looked at last
__devsh_turn=look          # what the next prompt tests: of the functions __devsh_turn_*
__devsh_current=           # the link to the entry in force, and that entry
__devsh_entry=
__devsh_generation=        # what __devsh_leave leaves; empty: not yet known
__devsh_said=              # what was told
__devsh_failed=            # the program could not tell: until it can, it runs unheard
__devsh_home=$HOME         # where the user's files are, whatever a project does to these variables
__devsh_state_home=$HOME/.local/state
__devsh_config_home=$HOME/.config
[[ ${XDG_STATE_HOME-} != /* ]] || __devsh_state_home=$XDG_STATE_HOME
[[ ${XDG_CONFIG_HOME-} != /* ]] || __devsh_config_home=$XDG_CONFIG_HOME
__devsh_by_hand=false
[[ -z ${IN_NIX_SHELL-} || -z ${NIX_BUILD_TOP-} ]] || __devsh_by_hand=true
typeset -gA __devsh_aliases __devsh_commands __devsh_places

# Called at each prompt. It always succeeds, so that set -e and an ERR trap see nothing of it.
__devsh_prompt() {
    "__devsh_turn_$__devsh_turn" || __devsh_look || :
}

__devsh_turn_look() {
    return 1
}

# Where no place is active, and after a failure: in peace until the next cd, or until something is published.
__devsh_turn_rest() {
    [[ ${PWD-}${DIRENV_DIR-} == "$__devsh_at" && ( -z $__devsh_current || $__devsh_current -ef $__devsh_entry ) ]]
}

__devsh_none() {
    :
}

__devsh_leave() {
    __devsh_none
}

# Asks the program and does what it says.
__devsh_look() {
    local __devsh_l_text='' __devsh_l_status=0 __devsh_l_at=${PWD-}${DIRENV_DIR-}
    if [[ ! -x $__devsh_bin ]]; then
        __devsh_say "devsh: $__devsh_bin is missing: the environment stays as it is"
    else
        __devsh_l_text=$(__devsh_ask) || __devsh_l_status=$?
        if [[ $__devsh_l_status == 0 && $__devsh_l_text == *'# whole' ]]; then
            __devsh_failed=
            __devsh_at=$__devsh_l_at
            __devsh_turn=look # should this be interrupted
            builtin eval "$__devsh_l_text"
            return 0
        fi
        # With a status of its own the program has said why.
        if [[ -z $__devsh_failed ]] && (( __devsh_l_status == 0 || __devsh_l_status > 128 && __devsh_l_status != 130 )); then
            __devsh_tell "devsh: $__devsh_bin ended early ($__devsh_l_status): the environment stays as it is"
        fi
        [[ $__devsh_l_status == 130 ]] || __devsh_failed=yes
    fi
    __devsh_at=$__devsh_l_at
    __devsh_turn=rest
}

# Runs in a subshell.
__devsh_ask() {
    [[ -z $__devsh_failed ]] || builtin exec 2>/dev/null
    HOME=$__devsh_home XDG_STATE_HOME=$__devsh_state_home XDG_CONFIG_HOME=$__devsh_config_home \
        "$__devsh_bin" follow --abi "$__devsh_abi" --pid "$$" --has "$__devsh_generation" --by-hand="$__devsh_by_hand" -- "$PWD" </dev/null
}

# Says a thing once.
__devsh_say() {
    [[ $'\n'$__devsh_said$'\n' != *$'\n'"$1"$'\n'* ]] || return 0
    __devsh_said=$__devsh_said$'\n'$1
    __devsh_tell "$1"
}

__devsh_tell() {
    builtin printf '%s\n' "$1" >&2
}

__devsh_clear() {
    builtin unset -v "$1"
}

# Of the names, those that are set keep what they were as DEVSH_OLD_NAME, exported where they were.
__devsh_save() {
    local __devsh_l_name __devsh_l_old
    for __devsh_l_name; do
        __devsh_l_old=DEVSH_OLD_$__devsh_l_name
        builtin unset -v "$__devsh_l_old"
        [[ -v $__devsh_l_name ]] || continue
        builtin eval "$__devsh_l_old=\${$__devsh_l_name-}"
        ! __devsh_exported "$__devsh_l_name" || builtin export "$__devsh_l_old"
    done
}

# NAME becomes what it was.
__devsh_restore() {
    local __devsh_l_old=DEVSH_OLD_$1
    if [[ ! -v $__devsh_l_old ]]; then
        builtin unset -v "$1"
        return 0
    fi
    builtin eval "$1=\${$__devsh_l_old-}"
    if __devsh_exported "$__devsh_l_old"; then
        builtin export "$1"
    else
        builtin typeset -g +x "$1"
    fi
}

# NAME VALUE
__devsh_set() {
    __devsh_fixed "$1" || builtin export "$1=$2"
}

# NAME VALUE: where it still has the value that entering gave it; what the person changed stays.
__devsh_unset() {
    local __devsh_l_now
    [[ -v $1 ]] || return 0
    builtin eval "__devsh_l_now=\${$1-}"
    ! __devsh_same "$__devsh_l_now" "$2" || __devsh_restore "$1"
}

# Also where the person has [[ ]] ignore case.
__devsh_same() {
    builtin test "x$1" = "x$2"
}

# NAME: to be unset while the environment is active.
__devsh_hide() {
    __devsh_fixed "$1" || builtin unset -v "$1"
}

__devsh_show() {
    [[ -v $1 ]] || __devsh_restore "$1"
}

# NAME BEFORE AFTER ALONE: a list variable gets entries; ALONE is its value where it was unset or empty.
__devsh_list_on() {
    local __devsh_l_now
    ! __devsh_fixed "$1" || return 0
    builtin eval "__devsh_l_now=\${$1-}"
    if [[ -n $__devsh_l_now ]]; then
        builtin export "$1=$2$__devsh_l_now$3"
    else
        builtin export "$1=$4"
    fi
}

# The same and our entries: <ENTRY from before, >ENTRY from after.
__devsh_list_off() {
    local __devsh_l_name=$1 __devsh_l_now __devsh_l_old __devsh_l_made=$4 __devsh_l_entry __devsh_l_kept
    [[ -v $1 ]] || return 0
    builtin eval "__devsh_l_now=\${$1-} __devsh_l_old=\${DEVSH_OLD_$1-}"
    [[ -z $__devsh_l_old ]] || __devsh_l_made=$2$__devsh_l_old$3
    if [[ $1 != PATH ]] && __devsh_same "$__devsh_l_now" "$__devsh_l_made"; then
        __devsh_restore "$1"
        return 0
    fi
    __devsh_l_kept=:$__devsh_l_now:
    builtin shift 4
    for __devsh_l_entry; do
        __devsh_l_old=:${__devsh_l_entry#?}:
        ! __devsh_same "$__devsh_l_kept" "${__devsh_l_kept%%"$__devsh_l_old"*}" || continue # it is not there
        if [[ $__devsh_l_entry == '<'* ]]; then
            __devsh_l_kept=${__devsh_l_kept%%"$__devsh_l_old"*}:${__devsh_l_kept#*"$__devsh_l_old"}
        else
            __devsh_l_kept=${__devsh_l_kept%"$__devsh_l_old"*}:${__devsh_l_kept##*"$__devsh_l_old"}
        fi
    done
    __devsh_l_kept=${__devsh_l_kept#:}
    __devsh_l_kept=${__devsh_l_kept%:}
    __devsh_l_old=DEVSH_OLD_$__devsh_l_name
    if [[ -z $__devsh_l_kept && $__devsh_l_name != PATH && ! -v $__devsh_l_old ]]; then
        builtin unset -v "$__devsh_l_name"
    else
        builtin eval "$__devsh_l_name=\$__devsh_l_kept"
    fi
}

# The last of leaving: NAMES are the variables that were touched.
__devsh_left() {
    local __devsh_l_name
    for __devsh_l_name; do
        builtin unset -v "DEVSH_OLD_$__devsh_l_name" "DEVSH_WAS_$__devsh_l_name"
    done
    builtin unset -v DEVSH_GENERATION DEVSH_PROJECT
    __devsh_aliases=() __devsh_commands=() __devsh_places=()
    __devsh_generation=none
}

# NAME DIR TEXT: a command of the project is an alias: a function of the person by that name is only hidden.
__devsh_alias_on() {
    ! __devsh_reserved "$1" || return 0
    __devsh_places[$1]=$2
    __devsh_commands[$1]=$3
    __devsh_alias "$1"
}

__devsh_command() {
    local __devsh_l_text=${__devsh_commands[$1]-}
    local -x DEVSH_PROJECT=${__devsh_places[$1]-} # its code means its own directory
    builtin shift
    builtin eval "$__devsh_l_text \"\$@\""
}
