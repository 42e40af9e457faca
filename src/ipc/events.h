/* SPDX-License-Identifier: MIT */
/* What happens to an instance, as data: made by the instance, printed by `xtunnel events`.
 * events.def lists the codes. Pure; holds no secret. */
#ifndef XT_IPC_EVENTS_H
#define XT_IPC_EVENTS_H

#include <jansson.h>
#include <stdio.h>

#include <xtunnel/device.h>

#include "base/log.h"

enum xt_event_code {
#define X(id, ...) id,
#include "ipc/events.def"
#undef X
	XT_EVENT_CODES,
};

const char *xt_event_code_word(enum xt_event_code code);
const char *xt_event_code_sentence(enum xt_event_code code);
/* again: the peer was in that state before. */
enum xt_log_level xt_event_code_level(enum xt_event_code code, bool again);
/* Of an event of the device. */
enum xt_event_code xt_event_code_of(enum xt_event event);

/* interface  name of the instance
 * key        NULL: it is about no peer; then label is NULL too
 * label      the peer's Name, or the beginning of its key; name: NULL without a Name
 * endpoint   NULL: none
 * why        NULL, or a code of ipc/why.def
 * lost       of XT_CODE_LOST: how many */
struct xt_event_record {
	enum xt_event_code code;
	uint64_t wall_ns;
	const char *interface;
	const struct xt_public *key;
	const char *label, *name;
	const struct xt_endpoint *endpoint;
	const char *why, *message;
	uint64_t lost;
};

/* {"time": RFC 3339, "timestamp": seconds, "interface", "code", "message",
 *  "peer": label, "public_key", "name", "endpoint", "why", "lost"}
 * The latter six where they are known. The caller's reference; NULL: no memory. */
json_t *xt_event_json(const struct xt_event_record *record);
/* One line; false: event is not one. */
bool xt_event_print(FILE *out, const json_t *event);

#endif
