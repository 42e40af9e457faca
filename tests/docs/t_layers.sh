#!/bin/sh
# SPDX-License-Identifier: MIT
# Includes follow the arrows of docs/architecture.md, and no .c file calls one that calls it back; a
# made-up tree shows that the check refuses what breaks either rule, and names both files.
set -eu
cd "${XT_SOURCE:-$(dirname "$0")/../..}"
check=$PWD/scripts/layers.py
"$check"

. tests/docs/refusals.sh
mkdir -p "$tree/src/base" "$tree/src/core" "$tree/src/config" "$tree/src/platform/linux" \
	"$tree/include"
src=$tree/src

# peer -> list, by a macro and an inline function of the header; the names in comments, strings,
# members and tags are not calls, and a static function hides the other file's.
cat >"$src/base/list.h" <<'END'
int xt_list_len(void);
int xt_list_sum(void);
#define XT_LIST_EMPTY() (xt_list_len() == 0)
#ifdef __cplusplus
extern "C" {
#endif
static inline int xt_list_twice(void)
{
	return 2 * xt_list_sum();
}
#ifdef __cplusplus
}
#endif
END
cat >"$src/base/list.c" <<'END'
#include "base/list.h"
/* xt_peer_run() calls this. */
static const char text[] = "xt_peer_run() \" xt_peer_run()";
static int helper(void)
{
	return sizeof(text);
}
int xt_list_len(void)
{
	struct xt_peer_run *peer = find();
	return helper() + peer->xt_peer_run; // xt_peer_run()
}
int xt_list_sum(void)
{
	return 1;
}
END
cat >"$src/core/peer.c" <<'END'
#include "base/list.h"
static int callback(void)
{
	return 0;
}
int helper(void)
{
	return callback();
}
int xt_peer_run(void)
{
	return XT_LIST_EMPTY() + xt_list_twice();
}
END
accepted "a tree whose calls and includes point downwards"

mkdir "$src/daemon"
echo '#include "daemon/run.h"' >"$src/core/wrong.c"
refused "an include that points upwards" src/core/wrong.c:1 daemon/run.h "not from daemon"
echo '#include "platform/linux/tun_linux.h"' >"$src/core/wrong.c"
refused "a header that is the platform's own" src/core/wrong.c:1 platform/linux/tun_linux.h
echo '#include "list.h"' >"$src/core/wrong.c"
refused "an include without its room" src/core/wrong.c:1 'name the room'
echo '#include <sys/socket.h>' >"$src/core/wrong.c"
refused "a socket in the library" src/core/wrong.c:1 'no I/O'
echo '#include <uv.h>' >"$src/daemon/run.c"
rm "$src/core/wrong.c"
refused "libuv outside of *_uv.c" src/daemon/run.c:1 uv.h
rm "$src/daemon/run.c"
mkdir "$src/attic"
echo >"$src/attic/old.c"
refused "a room that is none" src/attic/old.c "not a room"
rm -r "$src/attic"
echo '#include "base/list.h"' >"$tree/include/public.h"
refused "a private header in a public one" include/public.h:1 base/list.h
rm "$tree/include/public.h"

printf '#include "platform/link.h"\n' >"$src/config/plan.c"
accepted "config fills in the link's plan"

# Two files, then three; a table of functions counts as a call.
cp "$src/core/peer.c" "$tree/peer.c"
cat >>"$src/core/peer.c" <<'END'
int xt_peer_back(void)
{
	return xt_send_all();
}
END
printf 'int xt_send_all(void)\n{\n\treturn xt_peer_run();\n}\n' >"$src/core/send.c"
refused "two files that call each other" \
	"src/core/peer.c calls xt_send_all() of src/core/send.c" \
	"src/core/send.c calls xt_peer_run() of src/core/peer.c" "calls it back"
printf 'int xt_send_all(void)\n{\n\treturn xt_timer_arm();\n}\n' >"$src/core/send.c"
cat >"$src/base/timer.c" <<'END'
const struct xt_timer_ops xt_timer_ops = {.run = xt_peer_run};
__attribute__((noinline)) int xt_timer_arm(void)
{
	return 0;
}
END
refused "three files in a circle, over two rooms" \
	"src/core/send.c calls xt_timer_arm() of src/base/timer.c" \
	"src/base/timer.c calls xt_peer_run() of src/core/peer.c"
cp "$tree/peer.c" "$src/core/peer.c"
accepted "the circle opened again"

# The table of an X-macro completes a name.
printf 'ROW(name)\n' >"$src/config/keys.def"
cat >"$src/config/conf.c" <<'END'
#define ROW(id) xt_key_##id,
void (*const keys[])(void) = {
#include "config/keys.def"
};
void xt_conf_read(void)
{
}
END
printf 'void xt_key_name(void)\n{\n\txt_conf_read();\n}\n' >"$src/config/conf_keys.c"
refused "a circle through an X-macro" \
	"src/config/conf.c calls xt_key_name() of src/config/conf_keys.c"
