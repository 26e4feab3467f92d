# What the benchmark has each fish do, and how it tells when: by lines in the FIFO that BENCH_FIFO names. A person's
# command is what fish makes of one: the events before and after it, and those of the prompt that follows.
status is-interactive; or return

function __bench_tell
    echo $argv >$BENCH_FIFO
end

function __bench_type -a dir # a person types: cd DIR
    emit fish_preexec "cd $dir"
    cd $dir
    emit fish_postexec "cd $dir"
    emit fish_prompt
end

# Does STEP many times, when told to, and tells when it is done.
function __bench_times -a step n
    set -l list (seq $n)
    __bench_tell ready
    read -l go <$BENCH_FIFO.go
    for i in $list
        $step
    end
    __bench_tell end
end

function __bench_idle
    emit fish_prompt
end

function __bench_cd
    __bench_type sub
    __bench_type ..
end

function __bench_enter
    __bench_type ~/dev/rich
    __bench_type ~
end

# Tells when the environment has come.
function __bench_arrived --on-variable SAMPLE_69
    set -q SAMPLE_69; and __bench_tell arrived $SAMPLE_69
end

# What the environment is: the last variable of the project, and how many of its entries are on PATH.
function __bench_look
    __bench_tell look (count (string match -- '*/tools/tool-*' $PATH)) $SAMPLE_69
end

# Sets some of the variables to values of the user's own, or takes them away again.
function __bench_own
    for i in (seq 10 20)
        set -gx SAMPLE_$i "the user's own $i"
    end
end

function __bench_disown
    for i in (seq 10 20)
        set -e SAMPLE_$i
    end
end

# Drawn after all that tools do at a prompt, so that its line says that they are done.
function fish_prompt
    __bench_tell prompt
    echo 'bench> '
end

function fish_right_prompt
end

function fish_title
end
