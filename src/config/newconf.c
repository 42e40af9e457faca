/* SPDX-License-Identifier: MIT */
/* The two configuration files of a new tunnel. Each mirrors the other. */
#include "config/newconf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "config/conf_write.h"

#define CANDIDATES4 3  /* 16-bit private networks, of 256 networks each */
#define KEEPALIVE_S 25 /* NAT mappings of UDP live for 30 s and more */

static bool host_name_valid(const char *host)
{
	if (!*host || *host == '-' || *host == '.' || strlen(host) > 253 ||
	    !xt_text_is_printable(host))
		return false;
	for (; *host; host++)
		if (!((*host >= 'a' && *host <= 'z') || (*host >= 'A' && *host <= 'Z') ||
		      (*host >= '0' && *host <= '9') || *host == '-' || *host == '.' ||
		      *host == '_' || (unsigned char)*host >= 0x80))
			return false;
	return true;
}

static bool end_set_port(struct xt_newconf_end *end, const char *text)
{
	uint64_t port;

	if (!xt_number(&port, text, UINT16_MAX, false) || !port)
		return false;
	end->port = (uint16_t)port;
	return true;
}

bool xt_newconf_host(struct xt_newconf_end *end, const char *text, uint16_t port)
{
	struct xt_ip ip;
	char *host = end->host;
	char *rest;

	end->port = port;
	if (strlen(text) >= sizeof(end->host))
		return false;
	memcpy(host, text, strlen(text) + 1);
	if (xt_ip_parse(&ip, host) == 0)
		return true;
	if (host[0] == '[') {
		rest = strchr(host, ']');
		if (!rest)
			return false;
		*rest++ = '\0';
		if (*rest && (*rest != ':' || !end_set_port(end, rest + 1)))
			return false;
		memmove(host, host + 1, strlen(host));
		return xt_ip_parse(&ip, host) == 0 && ip.family == 6;
	}
	rest = strchr(host, ':');
	if (rest) {
		*rest++ = '\0';
		if (!end_set_port(end, rest))
			return false;
	}
	return host_name_valid(host);
}

/* ip + n, within its last four bytes. */
static void ip_add(struct xt_ip *ip, uint32_t n)
{
	size_t last = ip->family == 4 ? 4 : 16;

	for (size_t i = last; i > last - 4 && n; i--) {
		n += ip->b[i - 1];
		ip->b[i - 1] = (uint8_t)n;
		n >>= 8;
	}
}

static struct xt_cidr address_network(const struct xt_cidr *address)
{
	struct xt_cidr net = *address;

	xt_cidr_mask(&net);
	return net;
}

/* Give the ends their addresses: net's and the next one, or the first two of net if it has no host
 * bits. */
static void network_set(struct xt_newconf *new, const struct xt_cidr *net)
{
	struct xt_cidr base = address_network(net);
	bool pair = net->bits == xt_ip_bits(&net->ip) - 1; /* both addresses are hosts */

	for (uint32_t i = 0; i < 2; i++) {
		struct xt_cidr *to = net->ip.family == 4 ? &new->end[i].ipv4 : &new->end[i].ipv6;

		*to = *net;
		ip_add(&to->ip, i + (xt_ip_equal(&base.ip, &net->ip) && !pair));
	}
}

static bool network_holds_both(const struct xt_newconf *new, uint8_t family)
{
	const struct xt_cidr *a = family == 4 ? &new->end[0].ipv4 : &new->end[0].ipv6;
	const struct xt_cidr *b = family == 4 ? &new->end[1].ipv4 : &new->end[1].ipv6;
	struct xt_cidr net = address_network(a);
	struct xt_ip next = b->ip;

	if (!xt_cidr_contains(&net, &b->ip))
		return false;
	if (family == 6 || a->bits == 31)
		return true;
	ip_add(&next, 1); /* the last address of an IPv4 network is for broadcasts */
	return xt_cidr_contains(&net, &next);
}

const char *xt_newconf_address(struct xt_newconf *new, const char *text)
{
	bool seen[7] = {false};

	for (int i = 0; i < 2; i++)
		new->end[i].ipv4 = new->end[i].ipv6 = (struct xt_cidr){0};
	for (;;) {
		size_t len = strcspn(text, ",");
		struct xt_cidr net;
		char word[64];

		while (len && *text == ' ')
			text++, len--;
		if (len >= sizeof(word))
			return "not a NETWORK/PREFIX";
		memcpy(word, text, len);
		word[len] = '\0';
		if (!strchr(word, '/') || xt_cidr_parse(&net, word) < 0)
			return "not a NETWORK/PREFIX";
		if (xt_ip_is_multicast(&net.ip) || xt_ip_is_loopback(&net.ip) || net.bits < 8)
			return "not a network for hosts";
		if (seen[net.ip.family])
			return "two networks of one family";
		seen[net.ip.family] = true;
		network_set(new, &net);
		if (!network_holds_both(new, net.ip.family))
			return "the network has no room for both ends";
		if (!text[len])
			return NULL;
		text += len + 1;
	}
}

/* Network number n to be tried. */
static struct xt_cidr network_candidate(uint8_t family, unsigned n)
{
	static const uint8_t private4[CANDIDATES4][2] = {{192, 168}, {10, 7}, {172, 27}};
	uint8_t number = (uint8_t)(7 + n);

	if (family == 6)
		return (struct xt_cidr){{6, {0xfd, number}}, 64};
	return (struct xt_cidr){{4, {private4[n / 256][0], private4[n / 256][1], number}}, 24};
}

static int network_choose(struct xt_newconf *new, uint8_t family, xt_newconf_used *used, void *ctx)
{
	for (unsigned n = 0; n < (family == 4 ? 256 * CANDIDATES4 : 256); n++) {
		struct xt_cidr net = network_candidate(family, n);

		if (used(ctx, &net))
			continue;
		network_set(new, &net);
		return 0;
	}
	return XT_E_FULL;
}

int xt_newconf_choose(struct xt_newconf *new, xt_newconf_used *used, void *ctx)
{
	int err = network_choose(new, 4, used, ctx);

	return err ? err : network_choose(new, 6, used, ctx);
}

bool xt_newconf_reachable(const char *host)
{
	return strchr(host, '.') || strchr(host, ':');
}

int xt_newconf_init(struct xt_newconf *new, const char *a, const char *b, int *bad)
{
	struct xt_cidr v4 = network_candidate(4, 0), v6 = network_candidate(6, 0);
	const char *hosts[2] = {a, b};

	memset(new, 0, sizeof(*new));
	for (int i = 0; i < 2; i++) {
		struct xt_newconf_end *end = &new->end[i];

		*bad = i;
		if (!xt_newconf_host(end, hosts[i], XT_NEWCONF_PORT))
			return XT_E_INVALID;
		end->reachable = xt_newconf_reachable(end->host);
	}
	network_set(new, &v4);
	network_set(new, &v6);
	if (strcasecmp(new->end[0].host, new->end[1].host) == 0 &&
	    new->end[0].port == new->end[1].port)
		return XT_E_EXISTS;
	return 0;
}

void xt_newconf_label(const struct xt_newconf_end *end, char out[64])
{
	struct xt_ip ip;
	bool address = xt_ip_parse(&ip, end->host) == 0, printable;
	size_t n = 0, size;

	/* No character is cut, whatever its length. */
	for (const char *c = end->host; *c && (*c != '.' || address); c += size, n += size) {
		size = xt_text_character(c, &printable);
		if (n + size > 63)
			break;
		memcpy(out + n, *c == ':' || *c == '.' ? "-" : c, size);
	}
	out[n] = '\0';
}

static void text_put_networks(struct xt_secbuf *out, const char *key,
			      const struct xt_newconf_end *end, bool single)
{
	char text[XT_IP_TEXT];
	const char *comma = "";

	xt_secbuf_printf(out, "%s = ", key);
	if (end->ipv4.ip.family) {
		xt_secbuf_printf(out, "%s/%u", xt_ip_print(&end->ipv4.ip, text),
				 single ? 32u : end->ipv4.bits);
		comma = ", ";
	}
	if (end->ipv6.ip.family)
		xt_secbuf_printf(out, "%s%s/%u", comma, xt_ip_print(&end->ipv6.ip, text),
				 single ? 128u : end->ipv6.bits);
	xt_secbuf_puts(out, "\n");
}

static void text_put_end(struct xt_secbuf *out, const struct xt_newconf_end *local,
			 const struct xt_newconf_end *other, const struct xt_psk *psk)
{
	char label[64];
	const char *bracket = strchr(other->host, ':') ? "[" : "";

	xt_newconf_label(other, label);
	xt_secbuf_printf(out, "# %s: its end of the link to %s. Holds secrets: mode 0600.\n\n",
			 local->host, other->host);
	xt_secbuf_puts(out, "[Interface]\n");
	xt_conf_put_key(out, "PrivateKey", local->private_key.b);
	xt_secbuf_printf(out, "ListenPort = %u\n", (unsigned)local->port);
	text_put_networks(out, "Address", local, false);
	xt_secbuf_puts(out, "#: Echo = peer\n\n[Peer]\n");
	xt_secbuf_printf(out, "#: Name = %s\n", label);
	xt_conf_put_key(out, "PublicKey", other->public_key.b);
	xt_conf_put_key(out, "PresharedKey", psk->b);
	text_put_networks(out, "AllowedIPs", other, true);
	if (other->reachable)
		xt_secbuf_printf(out, "Endpoint = %s%s%s:%u\n", bracket, other->host,
				 *bracket ? "]" : "", (unsigned)other->port);
	if (!local->reachable && other->reachable)
		xt_secbuf_printf(out, "PersistentKeepalive = %d\n", KEEPALIVE_S);
}

int xt_newconf_text(const struct xt_newconf *new, char *out[2])
{
	int err = 0;

	out[0] = out[1] = NULL;
	for (int i = 0; i < 2 && !err; i++) {
		struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
		size_t len;

		text_put_end(&text, &new->end[i], &new->end[!i], &new->psk);
		err = xt_secbuf_detach(&text, &out[i], &len);
	}
	if (err && out[0]) {
		xt_wipe(out[0], strlen(out[0]));
		free(out[0]);
		out[0] = NULL;
	}
	return err;
}
