/* SPDX-License-Identifier: MIT */
/* What the files of metrics share: the state of instances, compact. All texts are escaped, in a way
 * that is right for labels and for JSON. */
#ifndef XT_IPC_METRICS_IMPL_H
#define XT_IPC_METRICS_IMPL_H

#include <stdint.h>

#include "ipc/metrics.h"

#define XT_METRICS_NUMBERS 16	      /* of an instance or peer: more than metrics.def has */
#define XT_METRICS_ABSENT  UINT64_MAX /* a number that is not there */

/* verdict  its word, static or of the arena */
struct xt_metrics_count {
	const char *verdict;
	uint64_t n;
};

/* allowed    networks with a comma between
 * numbers    by the place of their row in metrics.def among those of a peer */
struct xt_metrics_peer {
	const char *key, *name, *endpoint, *allowed, *code, *sentence;
	uint64_t numbers[XT_METRICS_NUMBERS];
	size_t first_drop, n_drops;
	bool up, critical, fine;
};

struct xt_metrics_instance {
	const char *name, *reason; /* reason NULL: it has answered */
	const char *key, *version, *aead, *offload, *sandbox, *echo;
	uint64_t numbers[XT_METRICS_NUMBERS];
	size_t first_count, n_counts; /* by verdict */
	size_t first_peer, n_peers;
	bool brief; /* a number of a peer that is absent is 0 */
};

struct xt_metrics_block {
	struct xt_metrics_block *next;
	size_t used, size;
	char bytes[];
};

struct xt_metrics {
	const char *version;
	struct xt_metrics_instance *instances;
	struct xt_metrics_peer *peers;
	struct xt_metrics_count *counts;
	size_t n_instances, n_peers, n_counts;
	size_t cap_instances, cap_peers, cap_counts;
	struct xt_metrics_block *blocks;
};

/* Decimal digits of n / divisor, as "1" or "0.25". */
void xt_metrics_put_number(struct xt_secbuf *text, uint64_t n, uint64_t divisor);

#endif
