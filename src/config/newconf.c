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

#define DEFAULT_PORT 51820

static bool host_name_valid(const char *host)
{
	if (!*host || *host == '-' || *host == '.' || strlen(host) > 253)
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

static bool end_set_host(struct xt_newconf_end *end, const char *text)
{
	struct xt_ip ip;
	char *host = end->host;
	char *rest;

	end->port = DEFAULT_PORT;
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

int xt_newconf_init(struct xt_newconf *new, const char *a, const char *b, int *bad)
{
	static const struct xt_ip v4[2] = {{4, {192, 168, 7, 1}}, {4, {192, 168, 7, 2}}};
	const char *hosts[2] = {a, b};

	memset(new, 0, sizeof(*new));
	for (int i = 0; i < 2; i++) {
		struct xt_newconf_end *end = &new->end[i];

		*bad = i;
		if (!end_set_host(end, hosts[i]))
			return XT_E_INVALID;
		end->ipv4 = v4[i];
		xt_ip_parse(&end->ipv6, i ? "fd07::2" : "fd07::1");
	}
	if (strcasecmp(new->end[0].host, new->end[1].host) == 0 &&
	    new->end[0].port == new->end[1].port)
		return XT_E_EXISTS;
	return 0;
}

void xt_newconf_label(const struct xt_newconf_end *end, char out[64])
{
	struct xt_ip ip;
	bool address = xt_ip_parse(&ip, end->host) == 0;
	size_t n = 0;

	for (const char *c = end->host; *c && n < 63; c++) {
		if (*c == '.' && !address)
			break;
		out[n++] = *c == ':' || *c == '.' ? '-' : *c;
	}
	out[n] = '\0';
}

static void text_put_networks(struct xt_secbuf *out, const char *key,
			      const struct xt_newconf_end *end, unsigned bits4, unsigned bits6)
{
	char text[XT_IP_TEXT];
	const char *comma = "";

	xt_secbuf_printf(out, "%s = ", key);
	if (end->ipv4.family) {
		xt_secbuf_printf(out, "%s/%u", xt_ip_print(&end->ipv4, text), bits4);
		comma = ", ";
	}
	if (end->ipv6.family)
		xt_secbuf_printf(out, "%s%s/%u", comma, xt_ip_print(&end->ipv6, text), bits6);
	xt_secbuf_puts(out, "\n");
}

static void text_put_key(struct xt_secbuf *out, const char *name, const uint8_t key[32])
{
	char text[XT_KEY_BASE64];

	xt_key_to_base64(text, key);
	xt_secbuf_printf(out, "%s = %s\n", name, text);
	xt_wipe(text, sizeof(text));
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
	text_put_key(out, "PrivateKey", local->private_key.b);
	xt_secbuf_printf(out, "ListenPort = %u\n", (unsigned)local->port);
	text_put_networks(out, "Address", local, 24, 64);
	xt_secbuf_puts(out, "#: Echo = peer\n\n[Peer]\n");
	xt_secbuf_printf(out, "#: Name = %s\n", label);
	text_put_key(out, "PublicKey", other->public_key.b);
	text_put_key(out, "PresharedKey", psk->b);
	text_put_networks(out, "AllowedIPs", other, 32, 128);
	xt_secbuf_printf(out, "Endpoint = %s%s%s:%u\n", bracket, other->host, *bracket ? "]" : "",
			 (unsigned)other->port);
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
