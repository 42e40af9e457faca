/* SPDX-License-Identifier: MIT */
/* Rights that a process gives up for good before it reads a byte from outside. A lock that
 * cannot be taken is not fatal here: each is reported, and the caller decides. */
#ifndef XT_PLATFORM_SANDBOX_H
#define XT_PLATFORM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* TUNNEL    moves packets: keeps descriptors only, opens no path and no socket
 * MONITOR   carries out requests on its host: files, sockets and links, but runs no program
 * RESOLVER  looks names up: reads files and has sockets, but writes nothing */
enum xt_sandbox_role { XT_SANDBOX_TUNNEL, XT_SANDBOX_MONITOR, XT_SANDBOX_RESOLVER };

/* In the order in which they are taken.
 * ROOT            an empty directory is the file system
 * USER            user, group and no supplementary group
 * CAPABILITIES    of all sets, those that are not kept
 * PARENT          the kernel ends this process with its parent
 * DUMPABLE        no core dump, no tracer of the same user
 * NEW_PRIVILEGES  no program that it runs gains rights
 * LANDLOCK        no path is opened or changed, no TCP, no signal to other processes
 * LIMITS          descriptors, tasks, bytes of a file
 * SECCOMP         a list of system calls */
enum xt_lock {
	XT_LOCK_ROOT,
	XT_LOCK_USER,
	XT_LOCK_CAPABILITIES,
	XT_LOCK_PARENT,
	XT_LOCK_DUMPABLE,
	XT_LOCK_NEW_PRIVILEGES,
	XT_LOCK_LANDLOCK,
	XT_LOCK_LIMITS,
	XT_LOCK_SECCOMP,
	XT_LOCKS
};

/* What a monitor goes on needing of its host.
 * NETWORK        links, routes, rules, marks, large socket buffers
 * LOW_PORT       UDP ports below 1024
 * FOREIGN_FILES  files and directories of other users
 * NAMESPACES     messages about an interface in another network namespace */
enum {
	XT_RIGHT_NETWORK = 1,
	XT_RIGHT_LOW_PORT = 2,
	XT_RIGHT_FOREIGN_FILES = 4,
	XT_RIGHT_NAMESPACES = 8,
};

/* uid, gid  UINT32_MAX: keep. Only a privileged process changes them
 * rights    XT_RIGHT_*: kept by a MONITOR; the other roles keep none
 * parent    process whose end ends this one; 0: none
 * nofile    highest number of open descriptors; 0: keep
 * nproc     highest number of tasks of the uid, so only for a uid of this process alone; 0: keep
 * writes    a regular file is written to (the key log, standard error): no limit of bytes */
struct xt_sandbox_options {
	enum xt_sandbox_role role;
	uint32_t uid, gid;
	unsigned rights;
	int parent;
	uint32_t nofile, nproc;
	bool writes;
};

/* UNUSED: this role, or these options, do not ask for it */
enum xt_lock_state { XT_LOCK_UNUSED, XT_LOCK_TAKEN, XT_LOCK_FAILED };

/* error  -errno of a failed one; 0: see step alone
 * step   of a failed one: what was refused; static */
struct xt_lock_result {
	enum xt_lock_state state;
	int error;
	const char *step;
};

/* uid  in force afterwards */
struct xt_sandbox_state {
	struct xt_lock_result locks[XT_LOCKS];
	uint32_t uid;
};

/* Take every lock that options ask for, in all threads of this process; threads that it makes later
 * inherit them. Descriptors, rings and threads that need rights exist before.
 * Nothing is undone. A thread that blocks xt_sandbox_signal() cannot be reached: it is reported. */
void xt_sandbox_lock(const struct xt_sandbox_options *options, struct xt_sandbox_state *state);

/* Before libraries: from now on no ring of io_uring can be set up in this process but those that
 * the platform itself makes. A library's ring would be without restrictions and outlast the locks,
 * and a filter ends the process that uses it. Sets no_new_privs; best effort. */
void xt_sandbox_rings_limit(void);

/* The signal that xt_sandbox_lock sends to other threads: a thread blocks all others at most. */
int xt_sandbox_signal(void);

const char *xt_lock_name(enum xt_lock lock); /* "seccomp"; in logs and JSON */

#define XT_LOCK_TEXT 128
/* "taken", "unused", or why not: "not available here: setgroups: Operation not permitted". */
const char *xt_lock_text(const struct xt_lock_result *result, char text[XT_LOCK_TEXT]);

/* OFF: no lock was taken. ON: every lock that was asked for. PARTIAL: some failed. */
enum xt_sandbox_summary { XT_SANDBOX_OFF, XT_SANDBOX_ON, XT_SANDBOX_PARTIAL };
enum xt_sandbox_summary xt_sandbox_summary(const struct xt_sandbox_state *state);

#endif
