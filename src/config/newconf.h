/* SPDX-License-Identifier: MIT */
/* The two configuration files of a new tunnel between two hosts, as text. Pure: keys and host names
 * are handed in. */
#ifndef XT_CONFIG_NEWCONF_H
#define XT_CONFIG_NEWCONF_H

#include <xtunnel/types.h>

/* host        as the other end reaches it: name or address, no port
 * ipv4, ipv6  inner addresses; family 0: none (not both) */
struct xt_newconf_end {
	char host[256];
	uint16_t port;
	struct xt_ip ipv4, ipv6;
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
/* out[0], out[1]: strings with secrets, to be wiped and freed; they belong into files of mode 0600.
 * wg-quick(8) reads them too: keys that only xtunnel knows are in "#:" lines. XT_E_NOMEM. */
int xt_newconf_text(const struct xt_newconf *new, char *out[2]);
/* The end's name in file names and Name: the first label of the host's name, or its address with
 * '-' for '.' and ':'. */
void xt_newconf_label(const struct xt_newconf_end *end, char out[64]);

#endif
