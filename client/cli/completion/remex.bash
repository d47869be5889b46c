# shellcheck shell=bash
# How the words of a remex command line go on, for bash. remex itself knows, by
# `remex complete`; what remains here is to give bash its own way of words.

_remex() {
    local line=${COMP_LINE:0:COMP_POINT} current broken before words replies

    read -ra words <<<"$line"
    if [[ $line == *[[:space:]] ]]; then
        words+=('')
    fi
    current=${words[-1]}
    mapfile -t replies < <(
        "${words[0]}" complete -- "${words[@]:1}" 2>/dev/null
    )

    case ${replies[0]-} in
    :files)
        compopt -o default
        COMPREPLY=()
        return
        ;;
    :directories)
        mapfile -t replies < <(compgen -d -- "${current#--*=}")
        compopt -o filenames
        ;;
    :commands)
        mapfile -t replies < <(compgen -c -- "$current")
        ;;
    esac

    # Readline breaks words at = and : as well, and wants only the last piece.
    broken=${COMP_WORDS[COMP_CWORD]}
    if [[ $broken == [=:] ]]; then
        broken=
    fi
    before=${current%"$broken"}
    COMPREPLY=("${replies[@]#"$before"}")
}

complete -F _remex remex
