# Runs a shellHook and reports which variables are exported before and after.
# The report goes to descriptor 3, as NAME=VALUE and marks without "=", each
# ended by a NUL byte. Only builtins are used, since the hook may leave no PATH.
exec 199>&3 3>&- 4<&-

__devsh_report () {
  builtin set +eux
  builtin local IFS=' ' __devsh_letter __devsh_name
  builtin local -a __devsh_names
  for __devsh_letter in _ {a..z} {A..Z}; do
    builtin eval "__devsh_names=(\"\${!$__devsh_letter@}\")"
    for __devsh_name in "${__devsh_names[@]}"; do
      [[ $__devsh_name == __devsh_* ]] && continue
      [[ ${!__devsh_name@a} == *x* ]] && builtin printf '%s=%s\0' "$__devsh_name" "${!__devsh_name}" >&199
    done
  done
  builtin printf '%s\0' "$1" >&199
}

{
#definitions
} 2>/dev/null
__devsh_report before
trap '__devsh_status=$?; __devsh_report "exit $__devsh_status"' EXIT
builtin eval "$shellHook"
__devsh_status=$?
# The hook may have put another trap in the place of ours; that one still runs.
[[ $(builtin trap -p EXIT) == *__devsh_report* ]] && builtin trap - EXIT
__devsh_report "end $__devsh_status"
builtin exit 0
