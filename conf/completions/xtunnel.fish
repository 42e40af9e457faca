# SPDX-License-Identifier: MIT
# fish completion. The program prints what fits (src/cli/complete.c): verbs and options are those of
# the program that is called.
function __xtunnel_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$current"
            case ':dirs'
                __fish_complete_directories "$current" ''
            case '*'
                echo $line
        end
    end
end
complete -c xtunnel -f -a '(__xtunnel_complete)'
