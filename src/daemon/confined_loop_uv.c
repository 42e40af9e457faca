/* SPDX-License-Identifier: MIT */
/* libuv makes a ring for each loop since 1.45, to watch descriptors by one system call; since 1.50
 * no variable keeps it from that. Locks are taken later: the filter then ends the process at the
 * first use of the ring. Where no ring can be set up, libuv does without. */
#include "daemon/confined_loop_uv.h"

#include "platform/sandbox.h"

#define FIRST_WITH_RINGS 0x012d00u /* 1.45.0 */

int xt_confined_loop_init(uv_loop_t *loop)
{
	if (uv_version() >= FIRST_WITH_RINGS)
		xt_sandbox_rings_limit();
	return uv_loop_init(loop);
}
