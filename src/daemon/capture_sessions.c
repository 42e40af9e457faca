/* SPDX-License-Identifier: MIT */
/* A set of indices with their kind. Indices are random: a few places each suffice. */
#include "daemon/capture_sessions.h"

#include "core/message.h"

/* INITIATED  index of the sender of an initiation; OPEN: of the receiver of data.
 * LOCAL      drawn by this device; REMOTE: by a peer */
enum kind { INITIATED_LOCAL = 1, INITIATED_REMOTE, OPEN_LOCAL, OPEN_REMOTE };

static uint64_t entry_make(enum kind kind, uint32_t index)
{
	return (uint64_t)kind << 32 | index;
}

static size_t entry_set(uint64_t entry)
{
	return (entry * UINT64_C(0x9e3779b97f4a7c15) >> 32) % XT_CAPTURE_SETS;
}

static bool set_has(const struct xt_capture_sessions *sessions, enum kind kind, uint32_t index)
{
	uint64_t entry = entry_make(kind, index);
	const uint64_t *set = sessions->v[entry_set(entry)];

	for (unsigned i = 0; i < XT_CAPTURE_WAYS; i++)
		if (set[i] == entry)
			return true;
	return false;
}

static void set_add(struct xt_capture_sessions *sessions, enum kind kind, uint32_t index)
{
	uint64_t entry = entry_make(kind, index), *set = sessions->v[entry_set(entry)];

	if (set_has(sessions, kind, index))
		return;
	for (unsigned i = 0; i < XT_CAPTURE_WAYS; i++) {
		if (!set[i]) {
			set[i] = entry;
			return;
		}
	}
	set[sessions->next++ % XT_CAPTURE_WAYS] = entry;
}

static bool response_see(struct xt_capture_sessions *sessions, const struct xt_msg_response *msg,
			 bool inbound)
{
	uint32_t sender = xt_le32_load(msg->sender), receiver = xt_le32_load(msg->receiver);

	if (!set_has(sessions, inbound ? INITIATED_LOCAL : INITIATED_REMOTE, receiver))
		return false;
	set_add(sessions, OPEN_LOCAL, inbound ? receiver : sender);
	set_add(sessions, OPEN_REMOTE, inbound ? sender : receiver);
	return true;
}

bool xt_capture_sessions_see(struct xt_capture_sessions *sessions, const uint8_t *message,
			     size_t len, bool inbound, bool accepted)
{
	const void *msg = message;

	switch (xt_msg_type(message, len)) {
	case XT_MSG_INITIATION:
		if (!inbound || accepted)
			set_add(sessions, inbound ? INITIATED_REMOTE : INITIATED_LOCAL,
				xt_le32_load(((const struct xt_msg_initiation *)msg)->sender));
		return true;
	case XT_MSG_RESPONSE:
		return response_see(sessions, msg, inbound);
	case XT_MSG_DATA:
		return xt_capture_sessions_has(
		    sessions, xt_le32_load(((const struct xt_msg_data *)msg)->receiver), inbound);
	default:
		return true;
	}
}

bool xt_capture_sessions_has(const struct xt_capture_sessions *sessions, uint32_t index,
			     bool inbound)
{
	return set_has(sessions, inbound ? OPEN_LOCAL : OPEN_REMOTE, index);
}
