/* Checks of the peers against each other and against the interface. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "config/conf_check.h"
#include "crypto/dh.h"

/* One thing that must be unique, and where it stands. */
struct entry {
	uint8_t id[32];
	size_t peer;
	unsigned line;
};

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(x->id, y->id, sizeof(x->id));

	if (order)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

static struct entry *entries(struct xt_conf_check *c, size_t n)
{
	struct entry *v = calloc(n ? n : 1, sizeof(*v));

	if (!v)
		c->failed = XT_E_NOMEM;
	return v;
}

static void check_keys(struct xt_conf_check *c)
{
	const struct xt_conf *conf = c->conf;
	struct xt_public own;
	struct entry *v = entries(c, conf->n_peers);

	if (!v)
		return;
	if (conf->has_key) {
		struct xt_private clamped = conf->private_key;

		xt_dh_clamp(&clamped);
		xt_dh_public(&own, &clamped);
		xt_wipe(&clamped, sizeof(clamped));
	}
	for (size_t i = 0; i < conf->n_peers; i++) {
		memcpy(v[i].id, conf->peers[i].key.b, sizeof(v[i].id));
		v[i].line = conf->peers[i].line;
		if (conf->has_key && memcmp(v[i].id, own.b, sizeof(own.b)) == 0)
			xt_check_error(c, v[i].line,
				       "this peer's PublicKey is the interface's own");
	}
	qsort(v, conf->n_peers, sizeof(*v), compare);
	for (size_t i = 1; i < conf->n_peers; i++)
		if (memcmp(v[i].id, v[i - 1].id, sizeof(v[i].id)) == 0)
			xt_check_error(c, v[i].line, "the [Peer] on line %u has the same PublicKey",
				       v[i - 1].line);
	free(v);
}

static void check_allowed(struct xt_conf_check *c)
{
	const struct xt_conf *conf = c->conf;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < conf->n_peers; i++)
		n += conf->peers[i].n_allowed;
	struct entry *v = entries(c, n);
	if (!v)
		return;
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t j = 0; j < conf->peers[i].n_allowed; j++, at++) {
			const struct xt_cidr *cidr = &conf->peers[i].allowed[j];

			v[at].id[0] = cidr->ip.family;
			v[at].id[1] = cidr->bits;
			memcpy(v[at].id + 2, cidr->ip.b, sizeof(cidr->ip.b));
			v[at].peer = i;
			v[at].line = conf->peers[i].allowed_lines[j];
		}
	qsort(v, n, sizeof(*v), compare);
	for (size_t i = 1; i < n; i++)
		if (memcmp(v[i].id, v[i - 1].id, sizeof(v[i].id)) == 0 &&
		    v[i].peer != v[i - 1].peer) {
			struct xt_cidr cidr = {.ip.family = v[i].id[0], .bits = v[i].id[1]};
			char text[XT_CIDR_TEXT];

			memcpy(cidr.ip.b, v[i].id + 2, sizeof(cidr.ip.b));
			xt_check_warn(c, v[i].line,
				      "AllowedIPs %s moves here from the peer on line %u",
				      xt_cidr_print(&cidr, text), conf->peers[v[i - 1].peer].line);
		}
	free(v);
}

/* An own address that a peer claims: its packets would be taken for ours. */
static void check_own(struct xt_conf_check *c)
{
	const struct xt_conf *conf = c->conf;

	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t j = 0; j < conf->peers[i].n_allowed; j++) {
			const struct xt_cidr *net = &conf->peers[i].allowed[j];

			for (size_t k = 0; k < conf->n_addresses; k++) {
				const struct xt_ip *ip = &conf->addresses[k].cidr.ip;
				char text[XT_IP_TEXT];

				if (net->bits == xt_ip_bits(ip) && xt_cidr_contains(net, ip))
					xt_check_warn(c, conf->peers[i].allowed_lines[j],
						      "AllowedIPs hold the own Address %s",
						      xt_ip_print(ip, text));
			}
		}
}

void xt_check_peers(struct xt_conf_check *c)
{
	const struct xt_conf *conf = c->conf;
	bool reachable = conf->has_port && conf->listen_port;

	for (size_t i = 0; i < conf->n_peers; i++) {
		reachable |= conf->peers[i].endpoint_host != NULL;
		if (!conf->peers[i].n_allowed)
			xt_check_warn(c, conf->peers[i].line,
				      "this peer has no AllowedIPs: it can carry nothing");
	}
	if (conf->n_peers && !reachable)
		xt_check_warn(c, 0, "no ListenPort and no Endpoint: nobody can begin to talk");
	check_keys(c);
	check_allowed(c);
	check_own(c);
}
