/* SPDX-License-Identifier: MIT */
/* Which sessions began within a capture, by the indices on their messages: a dissector with the
 * keys opens these and no others. */
#ifndef XT_DAEMON_CAPTURE_SESSIONS_H
#define XT_DAEMON_CAPTURE_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XT_CAPTURE_SETS 8192
#define XT_CAPTURE_WAYS 4

/* Bounded: beyond some ten thousand sessions old ones are forgotten. All zero: empty. */
struct xt_capture_sessions {
	uint64_t v[XT_CAPTURE_SETS][XT_CAPTURE_WAYS];
	uint32_t next;
};

/* Note a message that was seen, if it is one of a handshake. Can it be opened, if it is data? True
 * for messages that need no key, and for a response whose initiation was seen.
 * accepted  an inbound initiation that was not dropped */
bool xt_capture_sessions_see(struct xt_capture_sessions *sessions, const uint8_t *message,
			     size_t len, bool inbound, bool accepted);
/* The same of data with that index. */
bool xt_capture_sessions_has(const struct xt_capture_sessions *sessions, uint32_t index,
			     bool inbound);

#endif
