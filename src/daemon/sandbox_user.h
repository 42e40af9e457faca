/* SPDX-License-Identifier: MIT */
/* Which user an instance's unprivileged processes have, and whether it is locked at all. */
#ifndef XT_DAEMON_SANDBOX_USER_H
#define XT_DAEMON_SANDBOX_USER_H

#include <stdint.h>

#include "config/conf.h"

/* The numbers that an instance may get without an account, as systemd's DynamicUser=. */
#define XT_SANDBOX_UID_FIRST 61184u
#define XT_SANDBOX_UID_LAST  65519u

/* uid, gid  UINT32_MAX: keep, this process may not change them */
struct xt_sandbox_user {
	uint32_t uid, gid;
};

/* User of the file; else the user xtunnel; else a number that no account and no process has, the
 * same at each start of name while it is free; else 65534.
 * returns  0; -ENOENT: there is no such User; -EINVAL: User is root */
int xt_sandbox_user_choose(struct xt_sandbox_user *out, const struct xt_conf *conf,
			   const char *name);

/* The number for a process of that name without an account, as above. */
uint32_t xt_sandbox_uid_choose(const char *name);

/* XT_SANDBOX in the environment, else Sandbox of the file. -EINVAL: XT_SANDBOX is another word,
 * which a message has told. */
int xt_sandbox_mode_choose(enum xt_sandbox_mode *out, const struct xt_conf *conf);

/* What libraries read once from files, which a locked process cannot open: the time zone, the seed
 * of JSON's tables. Before the locks. */
void xt_sandbox_prepare(void);

#endif
