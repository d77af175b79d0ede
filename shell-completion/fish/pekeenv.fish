# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fish completion for pekeenv(1).

set --global __pekeenv_commands get names initial diff describe exec help

# What has been typed before the word at the cursor, without options: the command, which may be left out, and its arguments.
function __pekeenv_arguments
    set --local words (commandline --tokenize --cut-at-cursor --current-process)[2..]
    set --local found
    while set --query words[1]
        switch $words[1]
            case --
                break
            case -H -M --host --machine --json
                set --erase words[1]
            case '-*'
            case '*'
                set --append found $words[1]
        end
        set --erase words[1]
    end
    if set --query found[1]; and not contains -- $found[1] $__pekeenv_commands
        set --prepend found get
    end
    string join \n -- $found
end

# What is elsewhere is not looked for.
function __pekeenv_is_here
    not string match --quiet --regex -- '^(-H|-M|--host|--machine)' (commandline --tokenize --cut-at-cursor --current-process)
end

function __pekeenv_wants_command
    test (count (__pekeenv_arguments)) -eq 0
end

function __pekeenv_wants_process
    __pekeenv_is_here; or return
    set --local arguments (__pekeenv_arguments)
    switch "$arguments[1]"
        case ''
            return 0
        case diff
            test (count $arguments) -le 2
        case help
            return 1
        case '*'
            test (count $arguments) -eq 1
    end
end

function __pekeenv_wants_variable
    __pekeenv_is_here; or return
    set --local arguments (__pekeenv_arguments)
    test "$arguments[1]" = get -a (count $arguments) -ge 2
end

function __pekeenv_wants_program
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    contains -- exec $words; and contains -- -- $words
end

# What has memory: neither kernel threads nor zombies.
function __pekeenv_list_processes
    command --query ps; or return
    ps -eo pid=,vsz=,comm= | string match --regex --groups-only '^ *(\d+) +[1-9]\d* (.*)' | while read pid
        read comm
        printf '%s\t%s\n' $pid $comm
    end
end

# The first column of what a program of systemd's lists, if it is there.
function __pekeenv_list
    command --query $argv[1]; and $argv --no-legend --no-pager 2>/dev/null | string replace --regex ' .*' ''
end

function __pekeenv_processes
    if string match --quiet 'name:*' -- (commandline --current-token)
        __pekeenv_list_processes | cut --fields=2- | sort | uniq --unique | string replace --regex '^' name:
        return
    end
    __pekeenv_list_processes
    __pekeenv_list systemctl list-units --full --plain --type=service,scope | string replace --regex '$' '\tunit'
    printf 'name:\tname of a process\n'
end

# Nobody is asked for a password because of the Tab key.
function __pekeenv_variables
    set --local arguments (__pekeenv_arguments)
    set --local direct (string match -- --direct (commandline --tokenize --cut-at-cursor --current-process))
    pekeenv names --no-ask-password --quiet $direct -- $arguments[2] 2>/dev/null
end

complete --command pekeenv --no-files
complete --command pekeenv --condition __pekeenv_wants_program --arguments '(__fish_complete_subcommand --fcs-skip=(math 1 + (contains --index -- -- (commandline --tokenize --cut-at-cursor --current-process))))'

complete --command pekeenv --keep-order --condition __pekeenv_wants_process --arguments '(__pekeenv_processes)'
complete --command pekeenv --condition __pekeenv_wants_variable --arguments '(__pekeenv_variables)'

complete --command pekeenv --condition __pekeenv_wants_command --arguments get --description 'Print the environment, or the values of variables'
complete --command pekeenv --condition __pekeenv_wants_command --arguments names --description 'Print the names of the variables'
complete --command pekeenv --condition __pekeenv_wants_command --arguments initial --description 'Print what the process was started with'
complete --command pekeenv --condition __pekeenv_wants_command --arguments diff --description 'Show what has changed since the start, or between two processes'
complete --command pekeenv --condition __pekeenv_wants_command --arguments describe --description 'Show where and how the environment was found'
complete --command pekeenv --condition __pekeenv_wants_command --arguments exec --description 'Run a command in the environment of a process'
complete --command pekeenv --condition __pekeenv_wants_command --arguments help --description 'Show the commands and options'

complete --command pekeenv --short-option 0 --long-option null --description 'End each entry with a NUL byte'
complete --command pekeenv --long-option shell --description 'Print lines that a shell may eval'
complete --command pekeenv --long-option json --exclusive --arguments 'pretty short off' --description 'Print JSON'
complete --command pekeenv --long-option all --description 'Show each process of a unit'
complete --command pekeenv --long-option mask --description 'Mask what looks like a secret'
complete --command pekeenv --long-option direct --description 'Read without the service'
complete --command pekeenv --short-option H --long-option host --exclusive --arguments '(__fish_print_hostnames)' --description 'Ask the service on another machine'
complete --command pekeenv --short-option M --long-option machine --exclusive --arguments '(__pekeenv_list machinectl list)' --description 'Ask the service in a container'
complete --command pekeenv --long-option no-pager --description "Don't start a pager"
complete --command pekeenv --long-option no-legend --description "Don't print headings and hints"
complete --command pekeenv --long-option no-ask-password --description "Don't ask for a password"
complete --command pekeenv --short-option q --long-option quiet --description "Don't print notes and hints"
complete --command pekeenv --short-option h --long-option help --description 'Show the commands and options'
complete --command pekeenv --long-option version --description 'Show the version'
