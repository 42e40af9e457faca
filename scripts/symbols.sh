#!/bin/sh
# SPDX-License-Identifier: MIT
# symbols.sh LIBRARY INCLUDE: what libxtunnel takes from outside and what it gives.
#   It does no I/O, reads no clock and makes no thread: no symbol of that kind may be undefined in
#   it. It exports the functions that INCLUDE/xtunnel/*.h declare, and nothing else.
set -eu
library=${1:?usage: symbols.sh libxtunnel.a|libxtunnel.so include}
include=${2:?usage: symbols.sh libxtunnel.a|libxtunnel.so include}
case $library in
*.a) dynamic= ;;
*) dynamic=-D ;;
esac

wanted=$(nm $dynamic -u "$library" | awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' | sort -u)
[ -n "$wanted" ] || { echo "symbols: no symbols in $library" >&2; exit 1; }
pattern=$(cat <<'EOP' | tr -d '\n'
socket|socketpair|connect|bind|listen|accept4?|shutdown|[gs]etsockopt|ioctl|fcntl(64)?|
(recv|send)(from|to|m?msg)?|p?(read|write)v?(64)?(_chk)?|open(at)?(64)?|creat|close|dup[23]?|
fopen(64)?|fdopen|freopen|fclose|f(read|write|gets|puts|putc|getc)(_unlocked)?(_chk)?|
(v|f|vf|d|vd)?printf(_chk)?|puts|putchar|(v|f|vf)?scanf|perror|getline|
poll|ppoll|select|pselect|epoll_.*|eventfd|timerfd_.*|signal|sigaction|
clock_.*|gettimeofday|time|times|ftime|nanosleep|u?sleep|
localtime(_r)?|gmtime(_r)?|getenv|getrandom|getentropy|random(bytes.*)?|rand(_r)?|
dlm?open|dlsym|dlclose|pthread_.*|thrd_.*|mtx_.*|fork|vfork|exec.*|posix_spawn.*|system|popen|uv_.*|mnl_.*|json_.*
EOP
)
bad=$(echo "$wanted" | grep -x -E "_*($pattern)" || true)
if [ -n "$bad" ]; then
	echo "symbols: libxtunnel must not use:" >&2
	for symbol in $bad; do
		echo "  $symbol  ($(nm $dynamic -A -u "$library" | awk -v s="$symbol" \
			'$NF == s { split($1, f, ":"); print f[2] }' | sort -u | tr '\n' ' '))" >&2
	done
	exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Of an archive: defined, global, and not hidden. Ifuncs are hidden by the shared library's version
# script only (scripts/cmake/libxtunnel.map).
if [ -n "$dynamic" ]; then
	nm -D --defined-only "$library" | awk '{ print $NF }'
else
	readelf -sW "$library" | awk '$4 != "IFUNC" && $5 == "GLOBAL" &&
		$6 == "DEFAULT" && $7 != "UND" { print $NF }'
fi | sed 's/@.*//' | sort -u >"$work/exported"
# A declaration may take several lines; its name stands before the first parenthesis.
cat "$include"/xtunnel/*.h | tr '\n\t' '  ' | grep -o 'XT_API [^;]*;' |
	sed -n 's/^[^(]*[ *]\(xt_[a-z0-9_]*\)(.*/\1/p' | sort -u >"$work/declared"
# Declared without XT_API.
cat "$include"/xtunnel/*.h | grep -o -E '^[a-z][a-z_ *]*[ *]xt_[a-z0-9_]+\(' |
	sed 's/.*[ *]\(xt_[a-z0-9_]*\)(/\1/' | sort -u >"$work/unmarked"
if [ -s "$work/unmarked" ]; then
	echo "symbols: declared without XT_API:" >&2
	sed 's/^/  /' "$work/unmarked" >&2
	exit 1
fi
if ! cmp -s "$work/exported" "$work/declared"; then
	echo "symbols: exported (left) and declared with XT_API (right) differ:" >&2
	comm -3 "$work/exported" "$work/declared" | sed 's/^/  /' >&2
	exit 1
fi
echo "$(echo "$wanted" | wc -l) symbols used, none of a socket, file, clock or thread;" \
	"$(wc -l <"$work/exported") exported"
