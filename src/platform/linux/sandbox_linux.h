/* SPDX-License-Identifier: MIT */
/* The locks of Linux, each in a file of its own; sandbox_linux.c takes them in order. */
#ifndef XT_PLATFORM_SANDBOX_LINUX_H
#define XT_PLATFORM_SANDBOX_LINUX_H

#include "platform/sandbox.h"

/* ---- sandbox_rights_linux.c ---- */

/* Groups, group and user of all threads. */
void xt_lock_user(const struct xt_sandbox_options *options, struct xt_lock_result *result);
/* The capabilities that are kept, one bit each. */
uint64_t xt_capabilities_kept(const struct xt_sandbox_options *options);
/* Of this thread; async-signal-safe. The bounding set before the user changes, the others after.
 * 0 or -errno. */
int xt_capabilities_bound(uint64_t kept);
int xt_capabilities_drop(uint64_t kept);

/* ---- sandbox_root_linux.c ---- */

/* Make an empty directory, which no process can write to, the root of this process. */
void xt_lock_root(struct xt_lock_result *result);

/* ---- sandbox_landlock_linux.c ---- */

/* A ruleset's descriptor, or -errno. */
int xt_landlock_ruleset(enum xt_sandbox_role role);
/* Of this thread; async-signal-safe. 0 or -errno. */
int xt_landlock_restrict(int ruleset);

/* ---- sandbox_seccomp_linux.c; sandbox_seccomp_none_linux.c without libseccomp ---- */

/* The filter of role, in all threads. */
void xt_lock_seccomp(enum xt_sandbox_role role, struct xt_lock_result *result);

/* ---- sandbox_threads_linux.c ---- */

struct xt_threads;

/* The threads of this process, which are found even after the file system is gone. */
int xt_threads_new(struct xt_threads **out);
void xt_threads_free(struct xt_threads *threads); /* NULL is fine */
/* Call run(ctx) in every other thread, from a signal handler, then here; threads that are made
 * meanwhile included. run returns 0 or -errno. Returns the first error, -ETIMEDOUT: a thread does
 * not take signals. */
int xt_threads_run(struct xt_threads *threads, int (*run)(const void *ctx), const void *ctx);

/* ---- for all ---- */

static inline void xt_lock_judge(struct xt_lock_result *result, int rc, const char *step)
{
	*result = rc < 0 ? (struct xt_lock_result){XT_LOCK_FAILED, rc, step}
			 : (struct xt_lock_result){.state = XT_LOCK_TAKEN};
}

#endif
