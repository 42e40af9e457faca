/* SPDX-License-Identifier: MIT */
/* Networks in the order of family, length and address: one binary search for each length. */
#include "config/conf_nets.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

static int cidr_compare(const struct xt_cidr *a, const struct xt_cidr *b)
{
	if (a->ip.family != b->ip.family)
		return a->ip.family < b->ip.family ? -1 : 1;
	if (a->bits != b->bits)
		return a->bits < b->bits ? -1 : 1;
	return memcmp(a->ip.b, b->ip.b, sizeof(a->ip.b));
}

static int net_compare(const void *a, const void *b)
{
	const struct xt_conf_net *x = a, *y = b;
	int order = cidr_compare(&x->cidr, &y->cidr);

	if (order)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

int xt_conf_nets_init(struct xt_conf_nets *nets, const struct xt_conf *conf)
{
	size_t n = 0;

	memset(nets, 0, sizeof(*nets));
	for (size_t i = 0; i < conf->n_peers; i++)
		n += conf->peers[i].n_allowed;
	nets->v = calloc(n + 1, sizeof(*nets->v));
	if (!nets->v)
		return XT_E_NOMEM;
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t j = 0; j < conf->peers[i].n_allowed; j++) {
			const struct xt_cidr *cidr = &conf->peers[i].allowed[j];

			nets->has[cidr->ip.family == 6][cidr->bits] = true;
			nets->v[nets->n] = (struct xt_conf_net){
			    *cidr, conf->peers[i].allowed_lines[j], i, nets->n};
			nets->n++;
		}
	qsort(nets->v, nets->n, sizeof(*nets->v), net_compare);
	return 0;
}

int xt_conf_nets_init_addresses(struct xt_conf_nets *nets, const struct xt_conf *conf)
{
	memset(nets, 0, sizeof(*nets));
	nets->v = calloc(conf->n_addresses + 1, sizeof(*nets->v));
	if (!nets->v)
		return XT_E_NOMEM;
	for (size_t i = 0; i < conf->n_addresses; i++) {
		struct xt_cidr cidr = conf->addresses[i].cidr;

		cidr.bits = (uint8_t)xt_ip_bits(&cidr.ip);
		nets->has[cidr.ip.family == 6][cidr.bits] = true;
		nets->v[nets->n++] = (struct xt_conf_net){cidr, conf->address_places[i].line, i, i};
	}
	qsort(nets->v, nets->n, sizeof(*nets->v), net_compare);
	return 0;
}

void xt_conf_nets_clear(struct xt_conf_nets *nets)
{
	free(nets->v);
	memset(nets, 0, sizeof(*nets));
}

/* The number of networks before cidr; also: those equal to it. */
static size_t nets_before(const struct xt_conf_nets *nets, const struct xt_cidr *cidr, bool equal)
{
	size_t low = 0, high = nets->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = cidr_compare(&nets->v[middle].cidr, cidr);

		if (order < 0 || (equal && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct xt_conf_net *xt_conf_nets_cover(const struct xt_conf_nets *nets,
					     const struct xt_ip *ip, unsigned min, unsigned max)
{
	for (unsigned bits = XT_MIN(max, xt_ip_bits(ip)) + 1; bits-- > min;) {
		struct xt_cidr cidr = {.ip = *ip, .bits = (uint8_t)bits};
		size_t at;

		if (!nets->has[ip->family == 6][bits])
			continue;
		xt_cidr_mask(&cidr);
		at = nets_before(nets, &cidr, true);
		if (at > 0 && cidr_compare(&nets->v[at - 1].cidr, &cidr) == 0)
			return &nets->v[at - 1];
	}
	return NULL;
}

/* The widest network of min bits at least that lies in net. */
static const struct xt_conf_net *nets_find_within(const struct xt_conf_nets *nets,
						  const struct xt_cidr *net, unsigned min)
{
	struct xt_cidr masked = *net;

	xt_cidr_mask(&masked);
	for (unsigned bits = XT_MAX(min, net->bits); bits <= xt_ip_bits(&net->ip); bits++) {
		struct xt_cidr first = {.ip = masked.ip, .bits = (uint8_t)bits};
		size_t at;

		if (!nets->has[net->ip.family == 6][bits])
			continue;
		at = nets_before(nets, &first, false);
		if (at < nets->n && nets->v[at].cidr.bits == bits &&
		    xt_cidr_contains(&masked, &nets->v[at].cidr.ip))
			return &nets->v[at];
	}
	return NULL;
}

const struct xt_conf_net *xt_conf_nets_overlap(const struct xt_conf_nets *nets,
					       const struct xt_cidr *net, unsigned min)
{
	const struct xt_conf_net *around = xt_conf_nets_cover(nets, &net->ip, min, net->bits);

	return around ? around : nets_find_within(nets, net, min);
}
