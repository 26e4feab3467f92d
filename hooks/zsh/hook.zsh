# What only zsh says in this way.

__devsh_exported() {
    [[ ${(Pt)1} == *export* ]]
}

# May the variable not be set, or not without changing what it is? Many have a meaning of their own in zsh.
__devsh_fixed() {
    [[ ${(Pt)1} == *(readonly|array|association|integer|float)* ]]
}

# No project may take the place of a word of the shell.
__devsh_reserved() {
    (( ${+builtins[$1]} || ${reswords[(Ie)$1]} ))
}

__devsh_alias() {
    (( ! ${+aliases[$1]} )) || __devsh_aliases[$1]=${aliases[$1]}
    builtin alias "$1=__devsh_command $1"
}

__devsh_alias_off() {
    [[ ${aliases[$1]-} == "__devsh_command $1" ]] || return 0
    builtin unalias "$1"
    (( ! ${+__devsh_aliases[$1]} )) || builtin alias "$1=${__devsh_aliases[$1]}"
}

# First: what draws the prompt sees the environment. zsh gives each its $? by itself.
typeset -ga precmd_functions
precmd_functions=(__devsh_prompt $precmd_functions)
