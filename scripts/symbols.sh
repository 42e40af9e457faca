#!/bin/sh
# symbols.sh ARCHIVE: libxtunnel does no I/O, asks no clock and makes no thread: nothing of that kind
# may be among what the archive wants from outside.
set -eu
archive=${1:?usage: symbols.sh libxtunnel.a}
wanted=$(nm -u "$archive" | awk '$1 == "U" { print $2 }' | sort -u)
[ -n "$wanted" ] || { echo "symbols: no symbols in $archive" >&2; exit 1; }
pattern=$(cat <<'EOF' | tr -d '\n'
socket|socketpair|connect|bind|listen|accept4?|shutdown|[gs]etsockopt|ioctl|fcntl(64)?|
(recv|send)(from|to|m?msg)?|p?(read|write)v?(64)?(_chk)?|open(at)?(64)?|creat|close|dup[23]?|
fopen(64)?|fdopen|freopen|fclose|f(read|write|gets|puts|putc|getc)(_unlocked)?(_chk)?|
(v|f|vf|d|vd)?printf(_chk)?|puts|putchar|(v|f|vf)?scanf|perror|getline|
poll|ppoll|select|pselect|epoll_.*|eventfd|timerfd_.*|signal|sigaction|
clock_.*|gettimeofday|time|times|ftime|nanosleep|u?sleep|
localtime(_r)?|gmtime(_r)?|getenv|getrandom|getentropy|random(bytes.*)?|rand(_r)?|
dlm?open|dlsym|dlclose|pthread_.*|thrd_.*|mtx_.*|fork|vfork|exec.*|posix_spawn.*|system|popen|uv_.*|mnl_.*|json_.*
EOF
)
bad=$(echo "$wanted" | grep -x -E "_*($pattern)" || true)
if [ -n "$bad" ]; then
	echo "symbols: libxtunnel wants what it must not have:" >&2
	for symbol in $bad; do
		echo "  $symbol  ($(nm -A -u "$archive" | awk -v s="$symbol" \
			'$NF == s { split($1, f, ":"); print f[2] }' | sort -u | tr '\n' ' '))" >&2
	done
	exit 1
fi
echo "$(echo "$wanted" | wc -l) symbols, none of a socket, file, clock or thread"
