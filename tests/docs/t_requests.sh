#!/bin/sh
# SPDX-License-Identifier: MIT
# A running instance opens no path, forks nothing and changes nothing in the host but by
# src/host/request.h: src/daemon, src/tunnel and src/ipc call none of these functions, except
#   daemon/background.c  before there is an instance: fork; /dev/null for standard output
#   daemon/processes.c   before there is an instance: fork, and what the resolver serves
#   daemon/monitor*      the process that carries requests out
#   daemon/rundir.c      lists the run directories, for `show` and completion
#   ipc/socket.c         the client's side, and the listening that the daemon lends to requests
cd "${XT_SOURCE:-$(dirname "$0")/../..}" || exit 1
except='^src/(daemon/(background|processes|monitor_uv)|ipc/socket)\.c:|^src/daemon/rundir\.c:.*opendir'
calls='open|openat|creat|fopen|freopen|opendir|fork|vfork|popen|system|posix_spawnp?|execv[pe]*'
calls="$calls|uv_spawn|uv_fs_open|(xt_fd_)?socket(pair)?|xt_namespace_[a-z]+|getaddrinfo|uv_getaddrinfo|mkdir|unlink|rename"
calls="$calls|xt_tun_(open|remove)|xt_udp_(open|sockets_open|sockets_mark)"
calls="$calls|xt_link_(set|route_mtu|undo|forget|mtu_set|addresses|policy_choose|policy_remove)"
calls="$calls|xt_conf_(load|replace)|xt_(command|hooks|dns|host|resolver|bound|peer_store|identity)_[a-z_]+"

# Comments go first; xt_hooks_text only words a result.
found=$(find src/daemon src/tunnel src/ipc -name '*.[ch]' | sort | while read -r file; do
	sed -e 's@/\*.*\*/@@' -e '/^[ \t]*\/\*/,/\*\//d' -e 's/"[^"]*"//g' "$file" |
		grep -E "(^|[^A-Za-z0-9_>.])($calls)\(" | sed "s@^@$file:@"
done | grep -v -E "$except" | grep -v xt_hooks_text)
[ -z "$found" ] && exit 0
echo "$found"
echo "these go through src/host/request.h"
exit 1
