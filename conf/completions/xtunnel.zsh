#compdef xtunnel
# SPDX-License-Identifier: MIT
# zsh completion. The program prints what fits (src/cli/complete.c): verbs and options are those of
# the program that is called.
_xtunnel() {
	local line word files dirs
	local -a candidates
	for line in "${(@f)$(${(Q)words[1]} __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
		word=${line%%$'\t'*}
		case $word in
		'') ;;
		:files) files=yes ;;
		:dirs) dirs=yes ;;
		*) candidates+=("${word//:/\\:}:${line#*$'\t'}") ;;
		esac
	done
	(( $#candidates )) && _describe -V 'xtunnel' candidates
	[[ -n $files ]] && _files
	[[ -n $dirs ]] && _files -/
	return 0
}
_xtunnel "$@"
