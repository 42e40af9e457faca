/* SPDX-License-Identifier: MIT */
/* A set-associative table of peers that evicts the one that sent least recently of a full set; a
 * slot for each flow. */
#include "tunnel/flow_headers.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "packet/fit.h"
#include "packet/transport.h"

#define SETS 32
#define WAYS 8

/* One flow: the newest packet's first bytes. key: of addresses and ports; 0: free */
struct flow {
	uint32_t key, size;
	uint64_t used;
	uint8_t n;
	uint8_t head[XT_ICMP_HEAD_MAX];
};

/* mtu  the errors to be written say this; 0: none are to be written */
struct peer_flows {
	const struct xt_peer *peer; /* NULL: free */
	uint64_t used;
	uint32_t mtu;
	struct flow flows[XT_FLOWS];
};

struct xt_flow_headers {
	uint64_t clock;
	uint32_t due; /* peers whose mtu is set */
	struct peer_flows sets[SETS][WAYS];
};

/* A page costs memory only once a flow is kept there. */
int xt_flow_headers_new(struct xt_flow_headers **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : XT_E_NOMEM;
}

void xt_flow_headers_free(struct xt_flow_headers *headers)
{
	free(headers);
}

static struct peer_flows *set_of(struct xt_flow_headers *headers, const struct xt_peer *peer)
{
	return headers->sets[((uintptr_t)peer * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (SETS - 1)];
}

static struct peer_flows *peer_find(struct xt_flow_headers *headers, const struct xt_peer *peer)
{
	struct peer_flows *set = set_of(headers, peer);

	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].peer == peer)
			return &set[i];
	return NULL;
}

static void peer_clear(struct xt_flow_headers *headers, struct peer_flows *entry)
{
	headers->due -= entry->mtu != 0;
	memset(entry, 0, sizeof(*entry));
}

static struct peer_flows *peer_add(struct xt_flow_headers *headers, const struct xt_peer *peer)
{
	struct peer_flows *set = set_of(headers, peer), *oldest = set;

	for (unsigned i = 1; i < WAYS; i++)
		if (set[i].used < oldest->used)
			oldest = &set[i];
	peer_clear(headers, oldest);
	oldest->peer = peer;
	return oldest;
}

/* Two flows of one key take turns in one slot, which does no harm. */
static uint32_t flow_key(const struct xt_ip_view *ip)
{
	uint32_t key = xt_be32_get(ip->bytes + ip->upper); /* both ports */

	for (unsigned i = 0; i < (ip->version == 4 ? 8u : 32u); i += 4)
		key = (key ^ xt_be32_get(ip->src + i)) * 0x9e3779b1u;
	return key ? key : 1;
}

/* The slot of that flow, else the one that was used least recently. */
static struct flow *flow_find(struct peer_flows *entry, uint32_t key)
{
	struct flow *oldest = &entry->flows[0];

	for (unsigned i = 0; i < XT_FLOWS; i++) {
		if (entry->flows[i].key == key)
			return &entry->flows[i];
		if (entry->flows[i].used < oldest->used)
			oldest = &entry->flows[i];
	}
	return oldest;
}

void xt_flow_headers_keep(struct xt_flow_headers *headers, const struct xt_peer *peer,
			  const struct xt_ip_view *ip, uint32_t size)
{
	struct peer_flows *entry;
	struct flow *flow;
	uint32_t key;

	if (ip->protocol != XT_PROTO_TCP || ip->fragment || !ip->dont_fragment ||
	    size < XT_FLOW_FULL || ip->len < XT_FLOW_FULL || ip->upper + 8 > XT_ICMP_HEAD_MAX)
		return;
	key = flow_key(ip);
	entry = peer_find(headers, peer);
	if (!entry)
		entry = peer_add(headers, peer);
	flow = flow_find(entry, key);
	entry->used = ++headers->clock;
	flow->used = headers->clock;
	flow->key = key;
	flow->size = size;
	flow->n = XT_ICMP_HEAD_MAX;
	memcpy(flow->head, ip->bytes, XT_ICMP_HEAD_MAX);
}

void xt_flow_headers_fell(struct xt_flow_headers *headers, const struct xt_peer *peer, uint32_t mtu)
{
	struct peer_flows *entry = peer_find(headers, peer);

	if (!entry)
		return;
	headers->due += entry->mtu == 0;
	entry->mtu = mtu;
}

void xt_flow_headers_forget(struct xt_flow_headers *headers, const struct xt_peer *peer)
{
	struct peer_flows *entry = peer_find(headers, peer);

	if (entry)
		peer_clear(headers, entry);
}

/* The error about that flow, whose slot becomes free. 0: its packets are small enough. */
static size_t flow_error(struct flow *flow, uint32_t mtu, uint8_t *out)
{
	uint32_t least = flow->head[0] >> 4 == 4 ? XT_FIT_MIN4 : XT_FIT_MIN6;

	if (flow->key == 0 || flow->size <= mtu)
		return 0;
	flow->key = 0;
	flow->used = 0;
	/* A host takes no less, see xt_fit_mtu. */
	if (mtu < least && (flow->head[0] >> 4 == 4 || flow->size <= least))
		return 0;
	return xt_icmp_too_big(out, flow->head, flow->n, XT_MAX(mtu, least));
}

static size_t peer_error(struct xt_flow_headers *headers, struct peer_flows *entry, uint8_t *out)
{
	for (unsigned i = 0; i < XT_FLOWS; i++) {
		size_t len = flow_error(&entry->flows[i], entry->mtu, out);

		if (len)
			return len;
	}
	headers->due--;
	entry->mtu = 0;
	return 0;
}

bool xt_flow_headers_due(const struct xt_flow_headers *headers)
{
	return headers->due != 0;
}

size_t xt_flow_headers_take(struct xt_flow_headers *headers, uint8_t *out)
{
	for (unsigned i = 0; headers->due && i < SETS * WAYS; i++) {
		struct peer_flows *entry = &headers->sets[i / WAYS][i % WAYS];
		size_t len = entry->mtu ? peer_error(headers, entry, out) : 0;

		if (len)
			return len;
	}
	return 0;
}
