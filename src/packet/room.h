/* SPDX-License-Identifier: MIT */
/* The writable bytes around a packet. Under the address sanitizer all other bytes of a slab are
 * poisoned, so that a write past a packet's room is seen although it stays inside the slab. */
#ifndef XT_PACKET_ROOM_H
#define XT_PACKET_ROOM_H

#include <assert.h>

#include <xtunnel/batch.h>

#include "base/bytes.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XT_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define XT_ASAN 1
#endif

#ifdef XT_ASAN
#include <sanitizer/asan_interface.h>
#define XT_POISON(at, len)   ASAN_POISON_MEMORY_REGION((at), (len))
#define XT_UNPOISON(at, len) ASAN_UNPOISON_MEMORY_REGION((at), (len))
#else
#define XT_ASAN		     0
#define XT_POISON(at, len)   ((void)(at), (void)(len))
#define XT_UNPOISON(at, len) ((void)(at), (void)(len))
#endif

/* Has pkt, cut or grown to len bytes, the room that sending needs: a message header before it,
 * padding to 16 and the tag behind it? */
static inline bool xt_pkt_has_room(const struct xt_pkt *pkt, uint32_t len)
{
	return pkt->room.head >= XT_HEADROOM &&
	       (pkt->room.len == XT_ROOM_SLOT ||
		pkt->room.len >= pkt->room.head + XT_ALIGN_UP(len, 16u) + XT_TAG_LEN);
}

/* Append a packet with the bytes, room, verdict, peer and from of pkt, a packet of another batch,
 * which stays valid until the last use of this one.
 * returns  the packet, valid until reset; NULL: batch full */
struct xt_pkt *xt_batch_alias(struct xt_batch *batch, const struct xt_pkt *pkt);

/* Take all room from a packet that lies in a slot of its own: as if other datagrams adjoined it. */
static inline void xt_pkt_isolate(struct xt_pkt *pkt)
{
	pkt->room.head = 0;
	pkt->room.len = (uint16_t)pkt->len;
	XT_POISON(pkt->data - XT_HEADROOM, XT_HEADROOM);
	XT_POISON(pkt->data + pkt->len, XT_TAILROOM);
}

#endif
