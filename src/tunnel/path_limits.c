/* SPDX-License-Identifier: MIT */
/* The path MTUs of all peers, counted by their value. */
#include "tunnel/path_limits.h"

#include <stdlib.h>

#include <xtunnel/error.h>

int xt_path_limits_init(struct xt_path_limits *limits)
{
	*limits = (struct xt_path_limits){.least = UINT32_MAX};
	limits->counts = calloc(XT_PATH_SIZES, sizeof(*limits->counts));
	if (!limits->counts)
		return XT_E_NOMEM;
	return xt_flow_headers_new(&limits->flows);
}

void xt_path_limits_clear(struct xt_path_limits *limits)
{
	free(limits->counts);
	xt_flow_headers_free(limits->flows);
	*limits = (struct xt_path_limits){.least = UINT32_MAX};
}

static uint32_t least_find(const struct xt_path_limits *limits)
{
	for (uint32_t i = 0; limits->known && i < XT_PATH_SIZES; i++)
		if (limits->counts[i])
			return i * 16;
	return UINT32_MAX;
}

void xt_path_limits_change(struct xt_path_limits *limits, const struct xt_peer *peer,
			   uint16_t before, uint16_t after)
{
	if (before) {
		limits->counts[before / 16]--;
		limits->known--;
	}
	if (after) {
		limits->counts[after / 16]++;
		limits->known++;
	}
	limits->least = least_find(limits);
	if (after == 0)
		xt_flow_headers_forget(limits->flows, peer);
	else if (before == 0 || after < before)
		xt_flow_headers_fell(limits->flows, peer, after);
}
