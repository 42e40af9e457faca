/* SPDX-License-Identifier: MIT */
/* The locks of the tunnel process. Descriptors, rings and threads that need rights exist by now;
 * no byte from outside has been read. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/message.h"
#include "daemon/plan.h"
#include "daemon/sandbox_status.h"
#include "tunnel/cipher.h"
#include "tunnel/worker_pool.h"

/* Two sockets with their clients, a client's descriptors on the way, two pairs of UDP sockets, and
 * what the loop itself has. */
#define DESCRIPTORS 256u
/* Of a pool that a reload replaces there are two for a moment; libuv's pool; a thread that writes
 * standard error. */
#define TASKS (2 * XT_WORKER_POOL_MAX + 8)

static bool fd_is_file(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* The limit of tasks counts all of a user, so it is for one that no other process has. */
static bool user_is_sole(const struct xt_sandbox_user *user)
{
	return user->uid >= XT_SANDBOX_UID_FIRST && user->uid <= XT_SANDBOX_UID_LAST;
}

int xt_instance_lock(struct xt_instance *instance)
{
	const struct xt_monitor_link *link = instance->link;
	struct xt_sandbox_options options = {.role = XT_SANDBOX_TUNNEL, .nofile = DESCRIPTORS};

	instance->sandbox.uid = (uint32_t)geteuid();
	xt_sandbox_texts(&instance->sandbox_texts, &instance->sandbox);
	if (!link)
		return 0;
	options.uid = link->user.uid;
	options.gid = link->user.gid;
	options.parent = (int)link->monitor;
	options.nproc = user_is_sole(&link->user) ? TASKS : 0;
	options.writes = instance->has_keylog || fd_is_file(STDERR_FILENO);
	xt_sandbox_prepare();
	xt_cipher_keep();
	xt_sandbox_lock(&options, &instance->sandbox);
	xt_sandbox_texts(&instance->sandbox_texts, &instance->sandbox);
	xt_sandbox_log(&instance->sandbox);
	if (link->mode != XT_SANDBOX_MODE_STRICT ||
	    xt_sandbox_summary(&instance->sandbox) == XT_SANDBOX_ON)
		return 0;
	xt_message("%s: Sandbox = strict, and not every lock can be taken here",
		   instance->conf->name);
	return -EPERM;
}
