/* SPDX-License-Identifier: MIT */
/* The bound of TAI64N timestamps: which one to store, and when. */
#include "tunnel/timestamp.h"

#include <stdio.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "crypto/blake2s.h"

struct xt_timestamp {
	uint64_t floor, bound;
	uint64_t planned; /* bound that was asked for last */
	bool stored;	  /* bounds can be written */
};

void xt_timestamp_name(char name[XT_TIMESTAMP_NAME], const struct xt_public *key)
{
	uint8_t hash[XT_HASH_LEN];

	xt_blake2s(hash, &(struct xt_piece){key->b, sizeof(key->b)}, 1);
	for (size_t i = 0; 2 * i + 1 < XT_TIMESTAMP_NAME; i++)
		snprintf(name + 2 * i, 3, "%02x", hash[i]);
}

int xt_timestamp_new(struct xt_timestamp **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : XT_E_NOMEM;
}

void xt_timestamp_read(struct xt_timestamp *timestamp, uint64_t floor, bool stored)
{
	timestamp->floor = timestamp->planned = floor;
	timestamp->stored = stored;
	timestamp->bound = stored ? floor : XT_NEVER;
}

/* A bound whose writing was not confirmed is asked for again. */
void xt_timestamp_restore(struct xt_timestamp *timestamp, uint64_t floor, uint64_t bound,
			  bool stored)
{
	*timestamp = (struct xt_timestamp){
	    .floor = floor, .bound = bound, .planned = bound, .stored = stored};
}

bool xt_timestamp_stored(const struct xt_timestamp *timestamp)
{
	return timestamp->stored;
}

uint64_t xt_timestamp_floor(const struct xt_timestamp *timestamp)
{
	return timestamp->floor;
}

uint64_t xt_timestamp_bound(const struct xt_timestamp *timestamp)
{
	return timestamp->bound;
}

uint64_t xt_timestamp_advance(struct xt_timestamp *timestamp, uint64_t wall, uint64_t next)
{
	uint64_t at = next > wall ? next : wall;
	uint64_t margin = next > wall ? XT_TIMESTAMP_LEAD_MARGIN_NS : XT_TIMESTAMP_MARGIN_NS;

	if (!timestamp->stored || at > UINT64_MAX / 2 || at + margin < timestamp->planned)
		return 0;
	timestamp->planned =
	    at + (next > wall ? XT_TIMESTAMP_LEAD_AHEAD_NS : XT_TIMESTAMP_AHEAD_NS);
	return timestamp->planned;
}

/* A bound that is not on file protects nothing. The next attempt comes when it would be due. */
void xt_timestamp_written(struct xt_timestamp *timestamp, bool success)
{
	timestamp->bound = success ? timestamp->planned : XT_NEVER;
}

bool xt_timestamp_close(struct xt_timestamp *timestamp, uint64_t next)
{
	/* Unused in this run, or nothing written: there is no exact bound to leave. */
	bool exact = timestamp && timestamp->stored && timestamp->bound != XT_NEVER &&
		     timestamp->bound != timestamp->floor && next >= timestamp->floor &&
		     next < timestamp->bound;

	free(timestamp);
	return exact;
}
