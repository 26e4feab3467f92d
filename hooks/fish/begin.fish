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
