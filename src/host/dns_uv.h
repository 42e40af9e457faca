/* An interface's name servers, made known to the host: by systemd-resolved, by resolvconf(8), or in
 * /etc/resolv.conf itself; the first that takes them. */
#ifndef XT_HOST_DNS_UV_H
#define XT_HOST_DNS_UV_H

#include <stddef.h>
#include <uv.h>

enum xt_dns_way { /* as bits */
		  XT_DNS_RESOLVED = 1,
		  XT_DNS_RESOLVCONF = 2,
		  XT_DNS_FILE = 4,
};

#define XT_RESOLV_CONF "/etc/resolv.conf"

struct xt_dns_job;

/* trying  before a way is gone: from now on it is to be undone. path: the file, links followed, for
 *	   XT_DNS_FILE, else NULL
 * warn    a sentence without full stop
 * done    once, from the loop; the job is gone then. way: the one that worked, 0: none (after unset
 *	   always 0) */
struct xt_dns_callbacks {
	void *ctx;
	void (*trying)(void *ctx, enum xt_dns_way way, const char *path);
	void (*warn)(void *ctx, const char *sentence);
	void (*done)(void *ctx, unsigned way);
};

/* words: of a DNS line, at least one; copied. XT_E_NOMEM. */
int xt_dns_set(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
	       size_t n, const struct xt_dns_callbacks *calls);
/* ways: all that were tried; path: what trying told, or NULL. XT_E_NOMEM. */
int xt_dns_unset(struct xt_dns_job **out, uv_loop_t *loop, const char *name, unsigned ways,
		 const char *path, const struct xt_dns_callbacks *calls);
/* Sets nothing more; done comes soon. */
void xt_dns_cancel(struct xt_dns_job *job);

#endif
