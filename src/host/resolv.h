/* SPDX-License-Identifier: MIT */
/* The DNS line of an interface: servers and search domains, and the marked block that holds them in
 * a resolv.conf(5). The text part is pure: bytes in, bytes out. */
#ifndef XT_HOST_RESOLV_H
#define XT_HOST_RESOLV_H

#include <stdbool.h>
#include <stddef.h>

struct xt_dns {
	const char **servers, **domains; /* the words are borrowed */
	size_t n_servers, n_domains;
};

/* Sort the words of a DNS line as wg-quick(8) does: addresses are servers, domains are
 * domains; other words are left out. words outlive dns. XT_E_NOMEM. */
int xt_dns_sort(struct xt_dns *dns, char *const *words, size_t n);
void xt_dns_clear(struct xt_dns *dns);

#define XT_RESOLV_MAX (64u * 1024u)

/* text with name's block in place of an older one. Servers are put before all others, repeated up
 * to three times: resolvers read three lines and then use none of the others. Domains are put at
 * the end: the last search line counts.
 * made  the file did not exist, and text is empty
 * *out  malloc'ed. XT_E_NOMEM */
int xt_resolv_add(char **out, size_t *out_len, const char *text, size_t len, bool made,
		  const char *name, const struct xt_dns *dns);
/* The reverse: remove(add(text)) is text, and changes made outside of the block in between stay.
 * *found  there was a block (or a part of one)
 * *made   the file was made for the block and holds nothing else: it can be removed */
int xt_resolv_remove(char **out, size_t *out_len, const char *text, size_t len, const char *name,
		     bool *found, bool *made);

/* The same with a file. It is written in place, because it may be mounted alone into a container,
 * or be a link. Its lock is waited for, for a second at most: any user may hold it. So not to be
 * called on the thread that moves packets. -errno; -EFBIG: longer than XT_RESOLV_MAX. Unset: no
 * file, no block: 0. */
int xt_resolv_file_set(const char *path, const char *name, const struct xt_dns *dns);
int xt_resolv_file_unset(const char *path, const char *name);

#endif
