/* SPDX-License-Identifier: MIT */
/* How often the log may say the same: lines of one code about one peer, and of one code about all
 * peers. What is held back is counted, and the count becomes a line. The memory is fixed. Pure. */
#ifndef XT_DAEMON_LOG_LIMIT_H
#define XT_DAEMON_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <xtunnel/types.h>

#define XT_LOG_LIMIT_S	   60u /* the time that a count is of */
#define XT_LOG_LIMIT_BURST 3u  /* lines of one code and peer at once; then one in that time */
#define XT_LOG_LIMIT_ALL   30u /* lines of one code in that time */
#define XT_LOG_LIMIT_LOUD                                                                          \
	120u /* where repetition is wanted: of one code and peer; of all tenfold */

struct xt_log_limit;

/* NULL: no memory. */
struct xt_log_limit *xt_log_limit_new(void);
void xt_log_limit_free(struct xt_log_limit *limit); /* NULL does nothing */

/* May a line be written? false: it is counted.
 * peer  NULL: none
 * code  below 64
 * loud  repetition is wanted
 * now   monotonic ns */
bool xt_log_limit_take(struct xt_log_limit *limit, unsigned code, const struct xt_public *peer,
		       bool loud, uint64_t now);

/* Lines that were held back.
 * has_peer  false: of several peers, or of none */
struct xt_log_more {
	unsigned code;
	bool has_peer;
	struct xt_public peer;
	uint32_t n;
};
/* Take the next count whose time is over; false: none. */
bool xt_log_limit_more(struct xt_log_limit *limit, uint64_t now, struct xt_log_more *out);
/* When the next one will be; UINT64_MAX: no line is held back. */
uint64_t xt_log_limit_due(const struct xt_log_limit *limit);

#endif
