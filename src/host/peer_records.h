/* SPDX-License-Identifier: MIT */
/* What an identity remembers of its peers, as a list and as text. The text is a line "xtunnel-peers
 * 1" and a line for each peer: public key in base64, timestamp in hexadecimal, when the peer was
 * heard in wall nanoseconds, endpoint or "-". */
#ifndef XT_HOST_PEER_RECORDS_H
#define XT_HOST_PEER_RECORDS_H

#include <xtunnel/device.h>

#include "base/secbuf.h"

/* A record of a peer that was not heard for so long is dropped. */
#define XT_PEER_RECORD_AGE_NS (30 * 86400 * UINT64_C(1000000000))
#define XT_PEER_RECORDS_TEXT  (128u << 20) /* bytes of text, at most */

/* Sorted by key, each key once. Zeroed: empty. */
struct xt_peer_records {
	struct xt_peer_memory *v;
	size_t n;
};

/* Lines that cannot be read are left out. XT_E_INVALID: no such text; XT_E_NOMEM. */
int xt_peer_records_parse(struct xt_peer_records *out, const char *text, size_t len);
/* Appends to out; the caller checks out->error. */
void xt_peer_records_print(struct xt_secbuf *out, const struct xt_peer_records *records);

/* changed  n records; gets sorted
 * wall     now: older records are dropped
 * XT_E_NOMEM: records are as they were. */
int xt_peer_records_merge(struct xt_peer_records *records, struct xt_peer_memory *changed, size_t n,
			  uint64_t wall);
void xt_peer_records_clear(struct xt_peer_records *records);

#endif
