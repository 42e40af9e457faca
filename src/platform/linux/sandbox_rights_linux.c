/* SPDX-License-Identifier: MIT */
/* The user and the capabilities. The C library changes users in all threads; capabilities belong to
 * a thread. */
#include "platform/linux/sandbox_linux.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITIES	64
#define BIT(capability) (UINT64_C(1) << (capability))

void xt_lock_user(const struct xt_sandbox_options *options, struct xt_lock_result *result)
{
	uint32_t uid = options->uid, gid = options->gid;
	const char *step = "setgroups";
	int rc = 0;

	if (uid == UINT32_MAX && gid == UINT32_MAX)
		return;
	if (setgroups(0, NULL) < 0) {
		rc = -errno;
	} else if (gid != UINT32_MAX && setresgid(gid, gid, gid) < 0) {
		rc = -errno;
		step = "setresgid";
	} else if (uid != UINT32_MAX && setresuid(uid, uid, uid) < 0) {
		rc = -errno;
		step = "setresuid";
	}
	xt_lock_judge(result, rc, step);
}

uint64_t xt_capabilities_kept(const struct xt_sandbox_options *options)
{
	/* KILL: without it the kernel does not end a child of another user with its parent. */
	uint64_t kept = BIT(CAP_KILL);

	if (options->role != XT_SANDBOX_MONITOR)
		return 0;
	if (options->rights & XT_RIGHT_NETWORK)
		kept |= BIT(CAP_NET_ADMIN);
	if (options->rights & XT_RIGHT_LOW_PORT)
		kept |= BIT(CAP_NET_BIND_SERVICE);
	if (options->rights & XT_RIGHT_FOREIGN_FILES)
		kept |= BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER);
	if (options->rights & XT_RIGHT_NAMESPACES)
		kept |= BIT(CAP_NET_BROADCAST);
	return kept;
}

int xt_capabilities_bound(uint64_t kept)
{
	/* EPERM: without CAP_SETPCAP. What is not permitted can then come back only by a program
	 * with rights of its own, which no_new_privs rules out. EINVAL: past the last one. */
	for (unsigned i = 0; i < CAPABILITIES; i++)
		if (!(kept & BIT(i)))
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	return 0;
}

int xt_capabilities_drop(uint64_t kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (unsigned i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(kept >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}
