# SPDX-License-Identifier: MIT
# bash completion. The program prints what fits (src/cli/complete.c): verbs and options are those of
# the program that is called.
_xtunnel() {
	local line=${COMP_LINE:0:COMP_POINT} current word description files= dirs=
	local -a words
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	current=${words[-1]}
	COMPREPLY=()
	while IFS=$'\t' read -r word description; do
		case $word in
		:files) files=yes ;;
		:dirs) dirs=yes ;;
		*) COMPREPLY+=("$(printf %q "$word")") ;;
		esac
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	if [[ $files$dirs ]]; then
		compopt -o filenames 2>/dev/null
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen ${files:+-f} ${dirs:+-d} -- "$current")
	fi
	# bash completes only what follows the last = or : of a word, as in a key.
	local prefix=${current%"${current##*[=:]}"} i
	if [[ $prefix && $COMP_WORDBREAKS == *[=:]* ]]; then
		for i in "${!COMPREPLY[@]}"; do
			COMPREPLY[i]=${COMPREPLY[i]#"$prefix"}
		done
	fi
}
complete -F _xtunnel xtunnel
