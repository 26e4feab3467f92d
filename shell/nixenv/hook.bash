# Runs a shellHook and reports what there is before and after: to descriptor 3, each record ended by a NUL byte.
#   NAME=VALUE          an exported variable
#   -NAME=DECLARATION   one that is not exported, after the hook
#   ()NAME=DEFINITION   a function
#   alias NAME=TEXT     an alias
#   options =OPTIONS    what is switched on
#   left =PROGRAM       a process of this session that the hook left running
# and a mark without "=" at the end of each part. Only builtins are used, since the hook may leave no PATH.
exec 199>&3 3>&- 4<&-

__devsh_report () {
  builtin printf 'options =%s\0' "$SHELLOPTS:$BASHOPTS" >&199
  builtin set -f +eux
  builtin local IFS=$' \n' __devsh_letter __devsh_name
  builtin local -a __devsh_names
  for __devsh_letter in _ {a..z} {A..Z}; do
    builtin eval "__devsh_names=(\"\${!$__devsh_letter@}\")"
    for __devsh_name in "${__devsh_names[@]}"; do
      [[ $__devsh_name == __devsh_* ]] && continue
      if [[ ${!__devsh_name@a} == *x* ]]; then
        builtin printf '%s=%s\0' "$__devsh_name" "${!__devsh_name}" >&199
      elif [[ $1 != before ]]; then
        builtin printf -- '-%s=' "$__devsh_name" >&199
        builtin declare -p "$__devsh_name" >&199 2>/dev/null
        builtin printf '\0' >&199
      fi
    done
  done
  __devsh_names=($(builtin declare -F)) # declare -f NAME, each
  for __devsh_name in "${__devsh_names[@]}"; do
    [[ $__devsh_name == [A-Za-z_]* && $__devsh_name != __devsh_* && $__devsh_name != declare ]] || continue
    builtin printf '()%s=' "$__devsh_name" >&199
    builtin declare -f "$__devsh_name" >&199
    builtin printf '\0' >&199
  done
  for __devsh_name in "${!BASH_ALIASES[@]}"; do
    builtin printf 'alias %s=%s\0' "$__devsh_name" "${BASH_ALIASES[$__devsh_name]}" >&199
  done
  __devsh_left
  builtin printf '%s\0' "$1" >&199
}

# Names the processes that are left of this session, apart from this one.
__devsh_left () {
  builtin local IFS=' ' __devsh_name __devsh_stat
  builtin local -a __devsh_names
  builtin set +f
  for __devsh_name in /proc/[1-9]*/stat; do
    { builtin read -r __devsh_stat <"$__devsh_name"; } 2>/dev/null || continue
    __devsh_names=(${__devsh_stat##*) }) # state, parent, group, session
    [[ ${__devsh_names[3]} == "$$" && ${__devsh_names[0]} != [ZX] && $__devsh_stat != "$$ "* ]] || continue
    __devsh_stat=${__devsh_stat#*(}
    builtin printf 'left =%s\0' "${__devsh_stat%)*}" >&199
  done
}

{
#definitions
} 2>/dev/null
builtin shopt -s expand_aliases # as in the shell that nix develop starts
__devsh_report before
trap '__devsh_status=$?; __devsh_report "exit $__devsh_status"' EXIT
# A hook that ends in «exec fish» has done its work by then.
trap 'if [[ $BASH_SUBSHELL == 0 && $BASH_COMMAND == exec\ [A-Za-z/.~\"\$_-]* ]]; then __devsh_report "exec 0"; fi' DEBUG
{ # read as a whole, before there are aliases
  builtin eval "$shellHook"
  __devsh_status=$?
  # The hook may have put another trap in the place of ours; that one still runs.
  [[ $(builtin trap -p EXIT) == *__devsh_report* ]] && builtin trap - EXIT
  __devsh_report "end $__devsh_status"
  builtin exit 0
}
