/* What an endpoint has changed in the host and the kernel does not take back with its interface, on
 * file: so that `down` and the next `up` find it after a crash. */
#ifndef XT_CLI_STATE_H
#define XT_CLI_STATE_H

#include <limits.h>

#include "platform/link.h"

/* policy    its rules
 * firewall  its table
 * dns       the ways that were tried, enum xt_dns_way; resolv: the file of XT_DNS_FILE, "" if none
 */
struct xt_state {
	struct xt_link_policy policy;
	bool firewall;
	unsigned dns;
	char resolv[PATH_MAX];
};

struct xt_state_file;

/* NAME's, in the directory of its socket. It stays locked until it is closed. *old: what an
 * endpoint that is gone had left. -ENOENT: create is false and there is none; -EAGAIN: the endpoint
 * that it belongs to lives; -errno; XT_E_NOMEM. */
int xt_state_open(struct xt_state_file **out, const char *name, bool create, struct xt_state *old);
/* Before each step, with that step in it. */
int xt_state_put(struct xt_state_file *file, const struct xt_state *state);
/* remove: all of it was taken back. NULL is fine. */
void xt_state_close(struct xt_state_file *file, bool remove);

#endif
