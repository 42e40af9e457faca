/* SPDX-License-Identifier: MIT */
/* Our merge of a case, and whether splitting the result gives the packets back. */
#ifndef XT_TESTS_GRO_OURS_H
#define XT_TESTS_GRO_OURS_H

#include "gro_case.h"
#include "packet/split.h"

struct gro_ours {
	struct xt_merge *merge;
	struct xt_batch *in, *out, *back;
	struct gro_groups groups;
};

static inline void gro_ours_init(struct gro_ours *o)
{
	if (xt_batch_new(&o->in, GRO_PACKETS, GRO_PACKETS * (size_t)2048) ||
	    xt_batch_new(&o->out, GRO_PACKETS, 2 * GRO_PACKETS * (size_t)2048) ||
	    xt_batch_new(&o->back, GRO_PACKETS, 2 * GRO_PACKETS * (size_t)2048) ||
	    xt_merge_new(&o->merge, GRO_PACKETS))
		gro_die("no memory");
}

static inline void gro_ours_clear(struct gro_ours *o)
{
	xt_merge_free(o->merge);
	xt_batch_free(o->in);
	xt_batch_free(o->out);
	xt_batch_free(o->back);
}

/* NULL, or the error. */
static inline const char *gro_ours_run(struct gro_ours *o, const struct gro_case *c)
{
	bool taken[GRO_PACKETS] = {false};

	xt_batch_reset(o->in);
	xt_batch_reset(o->out);
	o->groups.n = 0;
	for (uint32_t i = 0; i < c->n; i++) {
		struct xt_pkt *pkt = xt_batch_add(o->in, c->in[i].len);

		if (!pkt)
			return "no room for its packets";
		memcpy(pkt->data, c->in[i].bytes, c->in[i].len);
		pkt->len = c->in[i].len;
		xt_batch_trim(o->in);
	}
	xt_merge(o->merge, XT_MERGE_TCP | XT_MERGE_UDP, o->in, o->out);
	for (uint32_t i = 0; i < o->out->n; i++) {
		const struct xt_pkt *pkt = &o->out->pkts[i];
		uint8_t vnet[XT_VNET_LEN];

		xt_vnet_encode(vnet, &pkt->gso);
		if (!gro_see(&o->groups, c, taken, vnet, pkt->data, pkt->len))
			return "merge gave bytes that it was not given";
	}
	return NULL;
}

/* The same packet, but for an identification that DF makes meaningless, and its checksum. */
static inline bool gro_same(const struct gro_packet *a, const uint8_t *q, uint32_t len)
{
	const uint8_t *p = a->bytes;

	if (a->len != len)
		return false;
	if (p[0] >> 4 == 6 || !(p[6] & 0x40))
		return memcmp(p, q, len) == 0;
	return memcmp(p, q, 4) == 0 && memcmp(p + 6, q + 6, 4) == 0 &&
	       memcmp(p + 12, q + 12, len - 12) == 0 &&
	       slow_sum(0, p, (p[0] & 15u) * 4) == slow_sum(0, q, (q[0] & 15u) * 4);
}

/* NULL, or the error: splitting the result of merge must give merge's input. */
static inline const char *gro_ours_back(struct gro_ours *o, const struct gro_case *c)
{
	struct xt_split at = {0};
	uint32_t k = 0;

	xt_batch_reset(o->back);
	if (!xt_split(&at, o->out, o->back))
		return "no room for its segments";
	for (uint32_t i = 0; i < o->groups.n; i++)
		for (uint32_t j = 0; j < o->groups.at[i].n; j++, k++)
			if (k >= o->back->n ||
			    !gro_same(&c->in[o->groups.at[i].of[j]], o->back->pkts[k].data,
				      o->back->pkts[k].len))
				return "split does not give it back";
	return k == o->back->n ? NULL : "split gives more than there was";
}

#endif
