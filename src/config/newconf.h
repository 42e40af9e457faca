/* The two ready files of a link between two hosts, as text. Pure: keys and names come in. */
#ifndef XT_CONFIG_NEWCONF_H
#define XT_CONFIG_NEWCONF_H

#include <xtunnel/types.h>

/* host  as the other end reaches it: name or address, no port
 * ipv4, ipv6  inside addresses; family 0: none (not both) */
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

/* Defaults, and the hosts: NAME, NAME:PORT, ADDRESS, [ADDRESS], [ADDRESS]:PORT. Keys are left zero.
 * XT_E_INVALID: *bad (0 or 1) is no host; XT_E_EXISTS: both are the same. */
int xt_newconf_init(struct xt_newconf *new, const char *a, const char *b, int *bad);
/* out[0], out[1]: malloc'ed, hold secrets (wipe, then free). XT_E_NOMEM. Files made of them want
 * mode 0600. stock wg-quick reads them too: our keys stand in "#:" lines. */
int xt_newconf_text(const struct xt_newconf *new, char *out[2]);
/* What the end is called in file names and Name: the host's first label, or all of an address with
 * other characters turned to '-'. */
void xt_newconf_label(const struct xt_newconf_end *end, char out[64]);

#endif
