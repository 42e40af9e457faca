/* SPDX-License-Identifier: MIT */
/* Set an interface's name servers in the host: by systemd-resolved, by resolvconf(8), or in
 * /etc/resolv.conf itself; the first of these that accepts them. On macOS by scutil(8). */
#ifndef XT_HOST_DNS_UV_H
#define XT_HOST_DNS_UV_H

#include <stddef.h>
#include <uv.h>

enum xt_dns_way { /* as bits */
		  XT_DNS_RESOLVED = 1,
		  XT_DNS_RESOLVCONF = 2,
		  XT_DNS_FILE = 4,
		  XT_DNS_SCUTIL = 8, /* macOS */
};

#define XT_RESOLV_CONF "/etc/resolv.conf"

struct xt_dns_job;
struct xt_runner;

/* trying  before a way is tried: from now on it is to be undone. path: the file, links followed,
 *	   for XT_DNS_FILE, else NULL
 * warn    a sentence without full stop
 * done    once, from the loop, after the job was freed. way: the one that worked, 0: none; after
 *	   unset: those that failed */
struct xt_dns_callbacks {
	struct xt_runner *runner; /* runs the programs; NULL: this process */
	void *ctx;
	void (*trying)(void *ctx, enum xt_dns_way way, const char *path);
	void (*warn)(void *ctx, const char *sentence);
	void (*done)(void *ctx, unsigned way);
};

/* words: of a DNS line, at least one; copied. XT_E_NOMEM. */
int xt_dns_set(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
	       size_t n, const struct xt_dns_callbacks *callbacks);
/* The same by the way that is in use and no other: what it has is replaced. path: as for unset. */
int xt_dns_replace(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
		   size_t n, enum xt_dns_way way, const char *path,
		   const struct xt_dns_callbacks *callbacks);
/* ways: all that were tried; path: the one passed to trying, or NULL. XT_E_NOMEM. */
int xt_dns_unset(struct xt_dns_job **out, uv_loop_t *loop, const char *name, unsigned ways,
		 const char *path, const struct xt_dns_callbacks *callbacks);
/* Set nothing more; done is called soon. */
void xt_dns_cancel(struct xt_dns_job *job);

#endif
