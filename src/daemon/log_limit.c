/* SPDX-License-Identifier: MIT */
/* How often the log may say the same. */
#include "daemon/log_limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/token_bucket.h"

#define SECOND UINT64_C(1000000000)
#define WINDOW (XT_LOG_LIMIT_S * SECOND)
#define SLOTS  512u
#define CODES  64u

/* since  of the first line that was held back; more 0: none was */
struct slot {
	bool used, has_peer;
	uint8_t code;
	struct xt_public peer;
	struct xt_token_bucket bucket;
	uint64_t since;
	uint32_t more;
};

/* due  not later than the end of the first count */
struct xt_log_limit {
	struct slot all[CODES]; /* by code */
	struct slot one[SLOTS]; /* by hash of code and peer: a newcomer takes the place */
	uint64_t due;
};

struct xt_log_limit *xt_log_limit_new(void)
{
	struct xt_log_limit *limit = calloc(1, sizeof(*limit));

	if (limit)
		limit->due = UINT64_MAX;
	return limit;
}

void xt_log_limit_free(struct xt_log_limit *limit)
{
	free(limit);
}

static void slot_hold(struct xt_log_limit *limit, struct slot *slot, uint32_t n, uint64_t now)
{
	if (!slot->more)
		slot->since = now;
	slot->more += n;
	limit->due = XT_MIN(limit->due, slot->since + WINDOW);
}

/* A count whose place is taken goes on as one of its code. */
static struct slot *slot_find(struct xt_log_limit *limit, unsigned code,
			      const struct xt_public *peer, uint64_t now)
{
	struct {
		struct xt_public peer;
		uint8_t code;
	} key = {.code = (uint8_t)code};

	if (peer)
		key.peer = *peer;
	struct slot *slot = &limit->one[xt_hash(&key, sizeof(key)) % SLOTS];
	if (slot->used && slot->code == code && slot->has_peer == (peer != NULL) &&
	    memcmp(&slot->peer, &key.peer, sizeof(key.peer)) == 0)
		return slot;
	if (slot->more)
		slot_hold(limit, &limit->all[slot->code], slot->more, now);
	*slot = (struct slot){
	    .used = true, .has_peer = peer != NULL, .code = (uint8_t)code, .peer = key.peer};
	return slot;
}

bool xt_log_limit_take(struct xt_log_limit *limit, unsigned code, const struct xt_public *peer,
		       bool loud, uint64_t now)
{
	uint32_t all_lines = loud ? 10 * XT_LOG_LIMIT_LOUD : XT_LOG_LIMIT_ALL;
	struct xt_token_rate one = {WINDOW, XT_LOG_LIMIT_BURST * WINDOW};
	struct xt_token_rate all = {WINDOW / all_lines, WINDOW};
	struct slot *slot = slot_find(limit, code, peer, now), *of_code = &limit->all[code];

	if (loud)
		one = (struct xt_token_rate){WINDOW / XT_LOG_LIMIT_LOUD, WINDOW};
	if (!xt_token_bucket_take(&slot->bucket, &one, now)) {
		slot_hold(limit, slot, 1, now);
		return false;
	}
	if (!xt_token_bucket_take(&of_code->bucket, &all, now)) {
		slot_hold(limit, of_code, 1, now);
		return false;
	}
	return true;
}

static bool slot_more(struct slot *slot, unsigned code, uint64_t now, struct xt_log_more *out)
{
	if (!slot->more || slot->since + WINDOW > now)
		return false;
	*out = (struct xt_log_more){code, slot->has_peer, slot->peer, slot->more};
	slot->more = 0;
	return true;
}

static void due_update(struct xt_log_limit *limit)
{
	limit->due = UINT64_MAX;
	for (unsigned i = 0; i < CODES; i++)
		if (limit->all[i].more)
			limit->due = XT_MIN(limit->due, limit->all[i].since + WINDOW);
	for (unsigned i = 0; i < SLOTS; i++)
		if (limit->one[i].more)
			limit->due = XT_MIN(limit->due, limit->one[i].since + WINDOW);
}

bool xt_log_limit_more(struct xt_log_limit *limit, uint64_t now, struct xt_log_more *out)
{
	bool found = false;

	if (limit->due > now)
		return false;
	for (unsigned i = 0; i < CODES && !found; i++)
		found = slot_more(&limit->all[i], i, now, out);
	for (unsigned i = 0; i < SLOTS && !found; i++)
		found = slot_more(&limit->one[i], limit->one[i].code, now, out);
	due_update(limit);
	return found;
}

uint64_t xt_log_limit_due(const struct xt_log_limit *limit)
{
	return limit->due;
}
