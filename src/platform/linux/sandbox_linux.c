/* SPDX-License-Identifier: MIT */
/* All locks in the one order that works: what needs a right comes before the right is dropped, what
 * setresuid(2) resets comes after it, and the filter, which forbids all of this, comes last. */
#include "platform/linux/sandbox_linux.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"

/* What each thread does, in the handler of a signal: the work is all done in advance.
 * landlock  descriptor of the ruleset; negative: none */
struct thread_locks {
	uint64_t capabilities;
	int landlock;
};

static int thread_bound(const void *ctx)
{
	const struct thread_locks *locks = ctx;

	return xt_capabilities_bound(locks->capabilities);
}

static int thread_capabilities(const void *ctx)
{
	const struct thread_locks *locks = ctx;

	return xt_capabilities_drop(locks->capabilities);
}

static int thread_privileges(const void *ctx)
{
	(void)ctx;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int thread_landlock(const void *ctx)
{
	const struct thread_locks *locks = ctx;

	return xt_landlock_restrict(locks->landlock);
}

/* A parent that ended before the request counts as well. */
static void lock_parent(int parent, struct xt_lock_result *result)
{
	int rc = 0;

	if (!parent)
		return;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		rc = -errno;
	else if (getppid() != parent)
		rc = -ESRCH;
	xt_lock_judge(result, rc, "the parent process");
}

static int limit_lower(unsigned which, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit(which, &limit) < 0)
		return -errno;
	limit.rlim_max = XT_MIN(limit.rlim_max, most);
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(which, &limit) < 0 ? -errno : 0;
}

static void lock_limits(const struct xt_sandbox_options *options, struct xt_lock_result *result)
{
	int rc = options->nofile ? limit_lower(RLIMIT_NOFILE, options->nofile) : 0;

	if (rc < 0) {
		xt_lock_judge(result, rc, "RLIMIT_NOFILE");
		return;
	}
	rc = options->nproc ? limit_lower(RLIMIT_NPROC, options->nproc) : 0;
	if (rc < 0) {
		xt_lock_judge(result, rc, "RLIMIT_NPROC");
		return;
	}
	if (options->role == XT_SANDBOX_TUNNEL && !options->writes)
		rc = limit_lower(RLIMIT_FSIZE, 0);
	xt_lock_judge(result, rc, "RLIMIT_FSIZE");
}

/* The locks of each thread. Without a list of threads, those of this one are taken all the same. */
static void lock_threads(struct xt_threads *threads, int (*run)(const void *ctx),
			 const struct thread_locks *locks, const char *step,
			 struct xt_lock_result *result)
{
	int rc = threads ? xt_threads_run(threads, run, locks) : run(locks);

	if (!threads && rc == 0) {
		*result = (struct xt_lock_result){XT_LOCK_FAILED, 0,
						  "other threads are unknown without /proc"};
		return;
	}
	xt_lock_judge(result, rc, rc == -ETIMEDOUT ? "a thread that takes no signal" : step);
}

static void lock_landlock(const struct xt_sandbox_options *options, struct xt_threads *threads,
			  struct thread_locks *locks, struct xt_lock_result *result)
{
	if (options->role == XT_SANDBOX_MONITOR)
		return;
	if (locks->landlock < 0) {
		xt_lock_judge(result, locks->landlock, "landlock_create_ruleset");
		return;
	}
	lock_threads(threads, thread_landlock, locks, "landlock_restrict_self", result);
	close(locks->landlock);
}

#ifdef __SANITIZE_ADDRESS__
static bool locked;

/* The search for leaks stops this process by ptrace(2), which a locked one does not permit.
 * Visible, because the sanitizer's library looks it up. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return locked;
}
#endif

void xt_sandbox_lock(const struct xt_sandbox_options *options, struct xt_sandbox_state *state)
{
	struct thread_locks locks = {xt_capabilities_kept(options), -1};
	struct xt_threads *threads = NULL;

	memset(state, 0, sizeof(*state));
#ifdef __SANITIZE_ADDRESS__
	locked = true;
#endif
	(void)xt_threads_new(&threads);
	if (options->role != XT_SANDBOX_MONITOR)
		locks.landlock = xt_landlock_ruleset(options->role);
	if (options->role == XT_SANDBOX_TUNNEL && geteuid() == 0)
		xt_lock_root(&state->locks[XT_LOCK_ROOT]);
	lock_threads(threads, thread_bound, &locks, "prctl", &state->locks[XT_LOCK_CAPABILITIES]);
	xt_lock_user(options, &state->locks[XT_LOCK_USER]);
	lock_threads(threads, thread_capabilities, &locks, "capset",
		     &state->locks[XT_LOCK_CAPABILITIES]);
	lock_parent(options->parent, &state->locks[XT_LOCK_PARENT]);
	xt_lock_judge(&state->locks[XT_LOCK_DUMPABLE],
		      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0, "prctl");
	lock_threads(threads, thread_privileges, &locks, "prctl",
		     &state->locks[XT_LOCK_NEW_PRIVILEGES]);
	lock_landlock(options, threads, &locks, &state->locks[XT_LOCK_LANDLOCK]);
	lock_limits(options, &state->locks[XT_LOCK_LIMITS]);
	xt_threads_free(threads);
	xt_lock_seccomp(options->role, &state->locks[XT_LOCK_SECCOMP]);
	state->uid = (uint32_t)geteuid();
}

bool xt_sandbox_available(void)
{
	return true;
}
