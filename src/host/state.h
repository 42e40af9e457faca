/* SPDX-License-Identifier: MIT */
/* The state file: what an instance has changed in the host that the kernel does not take back with
 * its interface, so that `down` and the next `up` can undo it after a crash. */
#ifndef XT_HOST_STATE_H
#define XT_HOST_STATE_H

#include <limits.h>

#include "platform/link.h"

/* policy    its rules
 * firewall  its table
 * dns       the ways that were tried, enum xt_dns_way; resolv: the file of XT_DNS_FILE, "" if none
 */
struct xt_host_state {
	struct xt_link_policy policy;
	bool firewall;
	unsigned dns;
	char resolv[PATH_MAX];
};

struct xt_state_file;

#define XT_STATE_PATH_MAX 128

/* Open and lock the state file of the interface called name.
 * dir      the run directory; NULL or "": there is none
 * create   make the file when it does not exist
 * old      out: what an instance that ended without cleaning up recorded
 * returns  -ENOENT (no directory, or no file and create is false), -EAGAIN (its instance is
 *          running), another -errno, XT_E_NOMEM
 * The lock is held until xt_state_close. */
int xt_state_open(struct xt_state_file **out, const char *dir, const char *name, bool create,
		  struct xt_host_state *old);
/* One that another process has opened and locked: fd is the file's from then on. XT_E_NOMEM,
 * -ENAMETOOLONG: it is still the caller's. */
int xt_state_adopt(struct xt_state_file **out, const char *dir, const char *name, int fd);
int xt_state_fd(const struct xt_state_file *file);
/* Another process may have removed the file: make it again. Otherwise nothing is done. */
int xt_state_restore(struct xt_state_file *file, const struct xt_host_state *state);
/* Read without the lock, what an instance recorded: one that runs, starts or has crashed. false:
 * there is no such file. */
bool xt_state_peek(const char *dir, const char *name, struct xt_host_state *state);
/* Write it before each step, with that step included. */
int xt_state_put(struct xt_state_file *file, const struct xt_host_state *state);
/* remove: every change was taken back. NULL is fine. */
void xt_state_close(struct xt_state_file *file, bool remove);

#endif
