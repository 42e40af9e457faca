/* SPDX-License-Identifier: MIT */
/* Landlock: paths, TCP, and signals and abstract sockets of other processes. By raw system calls
 * and with names of its own, because the headers of older systems lack most of them. */
#include "platform/linux/sandbox_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bytes.h"

/* The same numbers on every machine. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH      1

/* Access to files: execute, write, read a file, read a directory, ... */
#define FS_READ_FILE 0x4u
#define FS_READ_DIR  0x8u
/* TCP: bind and connect. */
#define NET_TCP 0x3u
/* Of processes outside: abstract UNIX sockets, signals. */
#define SCOPE_SIGNAL 0x2u
#define SCOPE_ALL    0x3u

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* All rights to files that each version knows, from version 1 on. */
static const uint64_t fs_rights[] = {0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};

static size_t attr_size(long version)
{
	return version >= 6 ? 24 : version >= 4 ? 16 : 8;
}

/* Names are looked up in files that may lie anywhere, by modules that are libraries. */
static int rule_read_add(int ruleset)
{
	struct path_attr rule = {FS_READ_FILE | FS_READ_DIR, open("/", O_PATH | O_CLOEXEC)};
	int rc = 0;

	if (rule.parent < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
		rc = -errno;
	close(rule.parent);
	return rc;
}

int xt_landlock_ruleset(enum xt_sandbox_role role)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	bool reads = role == XT_SANDBOX_RESOLVER;
	struct ruleset_attr attr = {0};
	int ruleset, rc;

	if (version < 1)
		return version < 0 ? -errno : -ENOSYS;
	attr.fs = fs_rights[XT_MIN((size_t)version, XT_LEN(fs_rights)) - 1];
	/* Questions to a name server may go by TCP, and to a service by an abstract socket. */
	attr.net = reads ? 0 : NET_TCP;
	attr.scoped = reads ? SCOPE_SIGNAL : SCOPE_ALL;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, attr_size(version), 0);
	if (ruleset < 0)
		return -errno;
	rc = reads ? rule_read_add(ruleset) : 0;
	if (rc == 0)
		return ruleset;
	close(ruleset);
	return rc;
}

int xt_landlock_restrict(int ruleset)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}
