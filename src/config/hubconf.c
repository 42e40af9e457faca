/* SPDX-License-Identifier: MIT */
/* A new peer of a hub, as text. */
#include "config/hubconf.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "config/address_pool.h"
#include "config/conf_edit.h"
#include "config/conf_write.h"

#define KEEPALIVE_S 25 /* NAT mappings of UDP live for 30 s and more */

int xt_hubconf_used(const struct xt_conf *a, const struct xt_conf *b, struct xt_cidr **out,
		    size_t *n)
{
	const struct xt_conf *both[2] = {a, b};
	size_t all = a->n_addresses;

	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < both[k]->n_peers; i++)
			all += both[k]->peers[i].n_allowed;
	*n = 0;
	*out = calloc(all + 1, sizeof(**out));
	if (!*out)
		return XT_E_NOMEM;
	for (size_t i = 0; i < a->n_addresses; i++)
		(*out)[(*n)++] = (struct xt_cidr){a->addresses[i].cidr.ip,
						  (uint8_t)xt_ip_bits(&a->addresses[i].cidr.ip)};
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < both[k]->n_peers; i++)
			for (size_t j = 0; j < both[k]->peers[i].n_allowed; j++)
				(*out)[(*n)++] = both[k]->peers[i].allowed[j];
	return 0;
}

/* An earlier Address of the hub lies in the same network. */
static bool network_repeats(const struct xt_conf *hub, size_t at)
{
	struct xt_cidr net = hub->addresses[at].cidr;

	for (size_t i = 0; i < at; i++)
		if (xt_address_pool_has_room(&hub->addresses[i].cidr) &&
		    hub->addresses[i].cidr.bits == net.bits &&
		    xt_cidr_overlaps(&hub->addresses[i].cidr, &net))
			return true;
	return false;
}

int xt_hubconf_choose(struct xt_hubconf *peer, const struct xt_conf *hub,
		      const struct xt_cidr *used, size_t n, struct xt_cidr *full)
{
	*full = (struct xt_cidr){0};
	peer->addresses = calloc(hub->n_addresses + 1, sizeof(*peer->addresses));
	peer->allowed = calloc(hub->n_addresses + 1, sizeof(*peer->allowed));
	if (!peer->addresses || !peer->allowed)
		return XT_E_NOMEM;
	for (size_t i = 0; i < hub->n_addresses; i++) {
		const struct xt_cidr *address = &hub->addresses[i].cidr;
		struct xt_cidr net = *address;
		int rc;

		if (!xt_address_pool_has_room(address) || network_repeats(hub, i))
			continue;
		xt_cidr_mask(&net);
		rc = xt_address_pool_next(&peer->addresses[peer->n_addresses], address, used, n);
		if (rc == XT_E_FULL)
			*full = net;
		if (rc < 0)
			return rc;
		peer->n_addresses++;
		peer->allowed[peer->n_allowed++] = net;
	}
	return peer->n_addresses ? 0 : XT_E_FULL;
}

const char *xt_hubconf_name_judge(const char *name)
{
	size_t len = strlen(name);
	char interface[16];
	uint8_t key[32];

	if (!len || len > XT_NAME_MAX)
		return "expected a name of 1 to 63 bytes";
	if (!xt_text_is_printable(name))
		return "a name holds printable characters only";
	if (strchr(name, '#'))
		return "a name holds no '#', which begins a comment";
	if (name[0] == ' ' || name[len - 1] == ' ')
		return "a name neither begins nor ends with a blank";
	if (name[0] == '-')
		return "a name does not begin with '-'";
	if (xt_key_from_base64(key, name, len))
		return "a name is not a key";
	xt_hubconf_interface(name, interface);
	if (xt_conf_name_reserved(interface) || strcmp(interface, "lo") == 0)
		return "the peer's file would need a name that its system keeps for itself";
	return NULL;
}

void xt_hubconf_interface(const char *name, char out[16])
{
	static const char others[] = "_=+.-";
	size_t n = 0;

	for (; *name && n < 15; name++) {
		bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
			     (*name >= '0' && *name <= '9') || (n && strchr(others, *name));

		if (((unsigned char)*name & 0xc0) == 0x80) /* once for a character of UTF-8 */
			continue;
		out[n] = plain ? *name : n ? '-' : 'x';
		n++;
	}
	out[n] = '\0';
}

static void text_put_cidrs(struct xt_secbuf *out, const char *key, const struct xt_cidr *v,
			   size_t n, bool single)
{
	char text[XT_CIDR_TEXT];

	xt_secbuf_printf(out, "%s = ", key);
	for (size_t i = 0; i < n; i++) {
		struct xt_cidr cidr = v[i];

		if (single)
			cidr.bits = (uint8_t)xt_ip_bits(&cidr.ip);
		xt_secbuf_printf(out, "%s%s", i ? ", " : "", xt_cidr_print(&cidr, text));
	}
	xt_secbuf_puts(out, "\n");
}

int xt_hubconf_section(const struct xt_hubconf *peer, struct xt_secbuf *out)
{
	xt_secbuf_printf(out, "[Peer]\n#: Name = %s\n", peer->name);
	xt_conf_put_key(out, "PublicKey", peer->public_key.b);
	xt_conf_put_key(out, "PresharedKey", peer->psk.b);
	text_put_cidrs(out, "AllowedIPs", peer->addresses, peer->n_addresses, true);
	if (*peer->reached)
		xt_secbuf_printf(out, "Endpoint = %s\n", peer->reached);
	if (*peer->endpoint)
		xt_secbuf_printf(out, XT_EDIT_ENDPOINT "%s\n", peer->endpoint);
	return out->error;
}

int xt_hubconf_file(const struct xt_hubconf *peer, bool phone, struct xt_secbuf *out)
{
	if (!phone)
		xt_secbuf_printf(out,
				 "# %s: its end of the link to %s. Holds secrets: mode 0600.\n\n",
				 peer->name, peer->hub_name);
	xt_secbuf_puts(out, "[Interface]\n");
	xt_conf_put_key(out, "PrivateKey", peer->private_key.b);
	if (peer->listen)
		xt_secbuf_printf(out, "ListenPort = %u\n", (unsigned)peer->listen);
	text_put_cidrs(out, "Address", peer->addresses, peer->n_addresses, false);
	if (peer->dns)
		xt_secbuf_printf(out, "DNS = %s\n", peer->dns);
	if (peer->mtu)
		xt_secbuf_printf(out, "MTU = %u\n", peer->mtu);
	if (!phone)
		xt_secbuf_puts(out, "#: Echo = peer\n");
	xt_secbuf_puts(out, "\n[Peer]\n");
	if (!phone)
		xt_secbuf_printf(out, "#: Name = %s\n", peer->hub_name);
	xt_conf_put_key(out, "PublicKey", peer->hub_key.b);
	xt_conf_put_key(out, "PresharedKey", peer->psk.b);
	text_put_cidrs(out, "AllowedIPs", peer->allowed, peer->n_allowed, false);
	if (*peer->endpoint)
		xt_secbuf_printf(out, "Endpoint = %s\n", peer->endpoint);
	if (*peer->endpoint && !*peer->reached)
		xt_secbuf_printf(out, "PersistentKeepalive = %d\n", KEEPALIVE_S);
	return out->error;
}

void xt_hubconf_clear(struct xt_hubconf *peer)
{
	free(peer->addresses);
	free(peer->allowed);
	xt_wipe(peer, sizeof(*peer));
}
