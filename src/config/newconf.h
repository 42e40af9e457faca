/* SPDX-License-Identifier: MIT */
/* The two configuration files of a new tunnel between two hosts, as text. Pure: keys and host names
 * are handed in. */
#ifndef XT_CONFIG_NEWCONF_H
#define XT_CONFIG_NEWCONF_H

#include <xtunnel/types.h>

#include <stdbool.h>

#define XT_NEWCONF_PORT 51820

/* host        as the other end reaches it: name or address, no port
 * reachable   false: a bare name, without a dot. The other end cannot resolve it, so it gets no
 *             Endpoint, and this end keeps the way open by PersistentKeepalive
 * ipv4, ipv6  inner addresses with the prefix of the inner network; family 0: none (not both) */
struct xt_newconf_end {
	char host[256];
	uint16_t port;
	bool reachable;
	struct xt_cidr ipv4, ipv6;
	struct xt_private private_key;
	struct xt_public public_key;
};
struct xt_newconf {
	struct xt_newconf_end end[2];
	struct xt_psk psk;
};

/* Set defaults and the hosts from a and b, each NAME, NAME:PORT, ADDRESS, [ADDRESS] or
 * [ADDRESS]:PORT. Keys are zero. XT_E_INVALID: host number *bad (0 or 1) is malformed;
 * XT_E_EXISTS: both are the same. */
int xt_newconf_init(struct xt_newconf *new, const char *a, const char *b, int *bad);
/* Set host and port from NAME, NAME:PORT, ADDRESS, [ADDRESS] or [ADDRESS]:PORT; port: when text has
 * none. false: text is malformed. */
bool xt_newconf_host(struct xt_newconf_end *end, const char *text, uint16_t port);
bool xt_newconf_reachable(const char *host); /* not a bare name */
/* Is net in use on this host? */
typedef bool xt_newconf_used(void *ctx, const struct xt_cidr *net);
/* Set inner networks that are not in use: the first of 192.168.N.0/24, 10.7.N.0/24 and
 * 172.27.N.0/24, and of fdNN::/64. XT_E_FULL: all are in use. */
int xt_newconf_choose(struct xt_newconf *new, xt_newconf_used *used, void *ctx);
/* Take the inner networks from text: "NETWORK/PREFIX[,NETWORK/PREFIX]", at most one of each family,
 * and only those. An address with host bits is that of the first end, and the second end has the
 * next; otherwise they have the first two. NULL, or a sentence that says what is wrong. */
const char *xt_newconf_address(struct xt_newconf *new, const char *text);
/* out[0], out[1]: strings with secrets, to be wiped and freed; they belong into files of mode 0600.
 * wg-quick(8) reads them too: keys that only xtunnel knows are in "#:" lines. XT_E_NOMEM. */
int xt_newconf_text(const struct xt_newconf *new, char *out[2]);
/* The end's name in file names and Name: the first label of the host's name, or its address with
 * '-' for '.' and ':'. */
void xt_newconf_label(const struct xt_newconf_end *end, char out[64]);

#endif
