/* SPDX-License-Identifier: MIT */
/* TAI64N: the timestamp of an initiation, by which a replay is refused (WireGuard paper 5.1,
 * 5.4.2). The nanoseconds of the second are rounded down to a multiple of 2^24, as in other
 * implementations, so that a timestamp does not reveal the clock's precision. */
#ifndef XT_CORE_TAI64N_H
#define XT_CORE_TAI64N_H

#include <xtunnel/types.h>

#include "base/bytes.h"
#include "core/message.h"

#define XT_TAI64N_EPOCH	 0x400000000000000aull /* 1970-01-01 UTC; TAI was ten seconds ahead then */
#define XT_TAI64N_STEP	 (1u << 24)
#define XT_TAI64N_SECOND 1000000000ull

/* The wall time that a timestamp made at wall_ns encodes: the greatest step not above it. */
static inline uint64_t xt_tai64n_floor(uint64_t wall_ns)
{
	return wall_ns - wall_ns % XT_TAI64N_SECOND % XT_TAI64N_STEP;
}

/* The least wall time whose timestamp is greater than that of wall_ns; XT_NEVER: none. */
static inline uint64_t xt_tai64n_next(uint64_t wall_ns)
{
	const uint64_t at = xt_tai64n_floor(wall_ns);
	const uint64_t left = XT_TAI64N_SECOND - at % XT_TAI64N_SECOND;
	const uint64_t step = left < XT_TAI64N_STEP ? left : XT_TAI64N_STEP;

	return at > UINT64_MAX - step ? XT_NEVER : at + step;
}

static inline void xt_tai64n_encode(uint8_t out[XT_TIMESTAMP_LEN], uint64_t wall_ns)
{
	const uint64_t at = xt_tai64n_floor(wall_ns);

	xt_be64_put(out, XT_TAI64N_EPOCH + at / XT_TAI64N_SECOND);
	xt_be32_put(out + 8, (uint32_t)(at % XT_TAI64N_SECOND));
}

/* For display only: a peer may send any 12 bytes. Before 1970: 0; beyond 64 bits: UINT64_MAX. */
static inline uint64_t xt_tai64n_decode(const uint8_t in[XT_TIMESTAMP_LEN])
{
	const uint64_t label = xt_be64_get(in), ns = xt_be32_get(in + 8);

	if (label < XT_TAI64N_EPOCH)
		return 0;
	if (label - XT_TAI64N_EPOCH > (UINT64_MAX - ns) / XT_TAI64N_SECOND)
		return UINT64_MAX;
	return (label - XT_TAI64N_EPOCH) * XT_TAI64N_SECOND + ns;
}

/* < 0, 0, > 0 as a is older than, the same as, newer than b. */
static inline int xt_tai64n_compare(const uint8_t a[XT_TIMESTAMP_LEN],
				    const uint8_t b[XT_TIMESTAMP_LEN])
{
	return memcmp(a, b, XT_TIMESTAMP_LEN);
}

#endif
