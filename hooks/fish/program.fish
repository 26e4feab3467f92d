# The program, and what is read and said.

# Has the program find out about $PWD. Fails where it could not, and then is left in peace until the next cd. Why it
# could not is said once: until it can again, the program runs unheard («devsh status» tells).
function __devsh_ask
    set -q __devsh_outdated; and return 1
    set -g __devsh_turn false # where Ctrl-C ends all this, the next prompt looks
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
    test -z "$text"; and return
    set text (string replace -- " $__devsh_home/" ' ~/' "$text" | string collect)
    set -q __devsh_woken; and set -g __devsh_passing $key $text
    __devsh_print $text
end

# What waits to be told of how a place was before is news no more, and would be told behind what came after it.
function __devsh_passed -a known note
    test "$__devsh_passing[1]" = "$known $note"; and return
    test "$(string sub -l (string length -- "$known ") -- "$__devsh_passing[1]")" = "$known "; or return # another's stays
    set -l i (contains -i -- "$__devsh_passing[2]" $__devsh_later); and set -eg __devsh_later[$i]
    set i (contains -i -- "$__devsh_passing[1]" $__devsh_said); and set -eg __devsh_said[$i] # should it come again
    set -eg __devsh_passing
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
