/* SPDX-License-Identifier: MIT */
/* What `top` shows: rates of instances and peers, from the answers to `show` and `why` of this tick
 * and the ones before. Reads no clock and no socket. */
#ifndef XT_CLI_TOP_MODEL_H
#define XT_CLI_TOP_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XT_TOP_HISTORY 60
#define XT_TOP_DROPS   48

/* rate   a second, since the tick before */
struct xt_top_drop {
	char name[24];
	uint64_t n;
	double rate;
};

/* cpu     share of one processor, in percent; < 0: not known
 * drops   with n > 0, the highest rate first
 * error   why there is no answer, "" if there is one: the rest is of the last answer then */
struct xt_top_instance {
	char name[64], error[120];
	size_t n_peers, n_up;
	double cpu, rx_rate, tx_rate, drop_rate;
	struct xt_top_drop drops[XT_TOP_DROPS];
	size_t n_drops;
};

/* up         a session is there, or none is needed
 * trend      bytes a second in both directions, the newest last
 * rtt_us, loss, age_s   -1: not known; loss in percent
 * sentence   of `why` */
struct xt_top_peer {
	char instance[64], name[64], code[24], endpoint[64], link[16], sentence[320];
	bool up;
	uint64_t rx, tx, drops;
	double rx_rate, tx_rate, drop_rate, loss;
	double trend[XT_TOP_HISTORY];
	size_t n_trend;
	int64_t rtt_us, age_s;
	uint32_t mtu;
};

enum xt_top_order {
	XT_TOP_BY_NAME,
	XT_TOP_BY_STATE, /* those that are not up first */
	XT_TOP_BY_RX,
	XT_TOP_BY_TX,
	XT_TOP_BY_RTT,
	XT_TOP_BY_LOSS,
	XT_TOP_BY_AGE,
	XT_TOP_ORDERS,
};
extern const char *const xt_top_orders[XT_TOP_ORDERS];

struct xt_top;

int xt_top_new(struct xt_top **out); /* XT_E_NOMEM */
void xt_top_free(struct xt_top *top);

/* A tick: begin, put each instance, end.
 * now_ns, wall_s  monotonic, and of the wall clock
 * show, why       answers, borrowed; why may be NULL
 * cpu_ns          processor time of its processes; 0: not known
 * failed          in place of put: there was no answer
 * end             forget what was not put; XT_E_NOMEM: some of it is missing */
void xt_top_begin(struct xt_top *top, uint64_t now_ns, int64_t wall_s);
void xt_top_put(struct xt_top *top, const json_t *show, const json_t *why, uint64_t cpu_ns);
void xt_top_failed(struct xt_top *top, const char *name, const char *error);
int xt_top_end(struct xt_top *top);

int64_t xt_top_time(const struct xt_top *top); /* of this tick, by the wall clock */
/* Instances by name; peers in that order, of which name, instance, endpoint or code holds filter
 * ("": all). Valid until the next begin. */
size_t xt_top_instances(struct xt_top *top, const struct xt_top_instance *const **out);
size_t xt_top_peers(struct xt_top *top, enum xt_top_order order, bool reverse, const char *filter,
		    const struct xt_top_peer *const **out);

/* One object of the tick, for programs: docs/json.md. NULL: no memory. */
json_t *xt_top_json(struct xt_top *top, enum xt_top_order order, bool reverse, const char *filter);

#endif
