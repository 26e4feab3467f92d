# What only bash says in this way.

__devsh_exported() {
    [[ ${!1@a} == *x* ]]
}

# May the variable not be set? Or is it another's name?
__devsh_fixed() {
    [[ -v $1 && ${!1@a} == *[rn]* ]]
}

# No project may take the place of a word of the shell.
__devsh_reserved() {
    [[ -n ${__devsh_words-} ]] || __devsh_words=$'\n'$(builtin compgen -bk)$'\n'
    [[ $__devsh_words == *$'\n'"$1"$'\n'* ]]
}

__devsh_alias() {
    [[ -z ${BASH_ALIASES[$1]+set} ]] || __devsh_aliases[$1]=${BASH_ALIASES[$1]}
    builtin alias "$1=__devsh_command $1"
}

__devsh_alias_off() {
    [[ ${BASH_ALIASES[$1]-} == "__devsh_command $1" ]] || return 0
    builtin unalias "$1"
    [[ -z ${__devsh_aliases[$1]+set} ]] || builtin alias "$1=${__devsh_aliases[$1]}"
}

# After what the person has, which keeps its $? and PIPESTATUS so. An array, whose other elements only bash 5.1 and later
# run, stays one. A string may be exported: in a bash without this hook, what is added must be nothing.
if [[ $(builtin declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    PROMPT_COMMAND+=(__devsh_prompt)
else
    __devsh_hook=__devsh_prompt
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}'${__devsh_hook+"$__devsh_hook"}'
fi
