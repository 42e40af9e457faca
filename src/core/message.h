/* SPDX-License-Identifier: MIT */
/* The four messages of the WireGuard protocol as they stand on the wire. All members are bytes, so
 * a message may lie at any address. */
#ifndef XT_CORE_MESSAGE_H
#define XT_CORE_MESSAGE_H

#include <xtunnel/aead.h>

#include "base/bytes.h"

enum xt_msg_type {
	XT_MSG_NONE, /* no WireGuard message */
	XT_MSG_INITIATION,
	XT_MSG_RESPONSE,
	XT_MSG_COOKIE,
	XT_MSG_DATA,
};

#define XT_TIMESTAMP_LEN 12 /* TAI64N */
#define XT_COOKIE_LEN	 16

/* Paper 5.4.4. */
struct xt_msg_macs {
	uint8_t mac1[16];
	uint8_t mac2[16];
};

/* Paper 5.4.2. type: one byte and three reserved zero bytes, read as one number so that the check
 * covers both. */
struct xt_msg_initiation {
	xt_le32 type;
	xt_le32 sender;
	struct xt_public ephemeral;
	uint8_t static_key[sizeof(struct xt_public) + XT_TAG_LEN];
	uint8_t timestamp[XT_TIMESTAMP_LEN + XT_TAG_LEN];
	struct xt_msg_macs macs;
};

/* Paper 5.4.3. */
struct xt_msg_response {
	xt_le32 type;
	xt_le32 sender;
	xt_le32 receiver;
	struct xt_public ephemeral;
	uint8_t empty[XT_TAG_LEN];
	struct xt_msg_macs macs;
};

/* Paper 5.4.7. */
struct xt_msg_cookie {
	xt_le32 type;
	xt_le32 receiver;
	uint8_t nonce[24];
	uint8_t cookie[XT_COOKIE_LEN + XT_TAG_LEN];
};

/* Paper 5.4.6; the encrypted packet and its tag follow. */
struct xt_msg_data {
	xt_le32 type;
	xt_le32 receiver;
	xt_le64 counter;
};

#define XT_PADDING	16u /* the content of a data message is padded to a multiple of this */
#define XT_MSG_DATA_MIN (sizeof(struct xt_msg_data) + XT_TAG_LEN) /* a keepalive */

_Static_assert(sizeof(struct xt_msg_initiation) == 148, "5.4.2");
_Static_assert(sizeof(struct xt_msg_response) == 92, "5.4.3");
_Static_assert(sizeof(struct xt_msg_cookie) == 64, "5.4.7");
_Static_assert(sizeof(struct xt_msg_data) == 16, "5.4.6");
_Static_assert(_Alignof(struct xt_msg_initiation) == 1 && _Alignof(struct xt_msg_data) == 1,
	       "messages may lie anywhere");

/* What a datagram of len bytes is: type known, reserved bytes zero, and the length that this type
 * has (data: at least XT_MSG_DATA_MIN). After a type other than XT_MSG_NONE the cast is safe. */
static inline enum xt_msg_type xt_msg_type(const void *datagram, size_t len)
{
	xt_le32 type;

	if (len < sizeof(type))
		return XT_MSG_NONE;
	memcpy(&type, datagram, sizeof(type));
	if (xt_le32_load(type) == XT_MSG_DATA) /* first: most are */
		return len >= XT_MSG_DATA_MIN ? XT_MSG_DATA : XT_MSG_NONE;
	switch (xt_le32_load(type)) {
	case XT_MSG_INITIATION:
		return len == sizeof(struct xt_msg_initiation) ? XT_MSG_INITIATION : XT_MSG_NONE;
	case XT_MSG_RESPONSE:
		return len == sizeof(struct xt_msg_response) ? XT_MSG_RESPONSE : XT_MSG_NONE;
	case XT_MSG_COOKIE:
		return len == sizeof(struct xt_msg_cookie) ? XT_MSG_COOKIE : XT_MSG_NONE;
	default:
		return XT_MSG_NONE;
	}
}

#endif
