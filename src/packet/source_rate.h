/* SPDX-License-Identifier: MIT */
/* The rate limit for echo requests of one source: a token bucket for each address, in a table of
 * fixed size. Each source may burst one second's worth. The least recently used source is evicted;
 * a sender that varies its address escapes, as from every limit per source. Time is injected;
 * nothing is allocated after new. */
#ifndef XT_PACKET_SOURCE_RATE_H
#define XT_PACKET_SOURCE_RATE_H

#include <xtunnel/types.h>

struct xt_source_rate;

int xt_source_rate_new(struct xt_source_rate **out, uint32_t per_second); /* > 0; XT_E_NOMEM */
void xt_source_rate_free(struct xt_source_rate *rate);			  /* NULL is fine */
/* true takes a token. */
bool xt_source_rate_allow(struct xt_source_rate *rate, uint64_t now, const struct xt_ip *source);

#endif
