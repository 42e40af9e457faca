/* SPDX-License-Identifier: MIT */
/* The rate limit for handshake messages of one source: a token bucket for each IPv4 address or IPv6
 * /64. Flat memory, allocated at start; time is injected. */
#ifndef XT_CORE_RATELIMIT_H
#define XT_CORE_RATELIMIT_H

#include <xtunnel/types.h>

#define XT_RATELIMIT_RATE                                                                          \
	20 /* handshakes a second; paper 5.3 leaves it open, other implementations use 20 */
#define XT_RATELIMIT_BURST 5
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define XT_RATELIMIT_SOURCES 16384
#else
#define XT_RATELIMIT_SOURCES 64
#endif

struct xt_ratelimit;

/* rate     tokens a second, 1..10^9
 * burst    tokens of a full bucket, 1..10^6
 * sources  remembered at the same time
 * XT_E_NOMEM, XT_E_INVALID. */
int xt_ratelimit_new(struct xt_ratelimit **out, uint32_t rate, uint32_t burst, uint32_t sources);
void xt_ratelimit_free(struct xt_ratelimit *limit); /* NULL is fine */

/* Take one token of ip's bucket. false: there is none. A new source evicts the least recently used
 * one when memory is full, provided that one's bucket is full again; otherwise false.
 * now: monotonic nanoseconds, never going back. */
bool xt_ratelimit_allow(struct xt_ratelimit *limit, const struct xt_ip *ip, uint64_t now);
/* Sources remembered now. */
uint32_t xt_ratelimit_sources(const struct xt_ratelimit *limit);

#endif
