/* SPDX-License-Identifier: MIT */
/* Blocks of a pcapng file (draft-ietf-opsawg-pcapng): written to memory, little-endian, and read
 * from it. All interfaces carry whole IP packets (LINKTYPE_RAW) with times in nanoseconds. */
#ifndef XT_IPC_PCAPNG_H
#define XT_IPC_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XT_PCAPNG_BLOCK_MAX (1u << 20) /* of a block that is read */
#define XT_PCAPNG_TEXT_MAX  200u       /* bytes of a text that are written; the rest is cut off */

/* Each writes one block to out and returns its length, a multiple of 4; 0: room is too small, and
 * nothing was written. Texts are UTF-8. */
size_t xt_pcapng_section_put(uint8_t *out, size_t room, const char *program);
/* Interfaces are counted from 0 in the order of their blocks. */
size_t xt_pcapng_interface_put(uint8_t *out, size_t room, const char *name,
			       const char *description);

/* head, bytes  the packet in two pieces, of which either may be empty
 * time_ns      wall ns
 * inbound      towards this host; else it is sent
 * comment      NULL, or a text of comment_len bytes */
struct xt_pcapng_packet {
	uint32_t interface;
	uint64_t time_ns;
	const uint8_t *head, *bytes;
	uint32_t head_len, len;
	bool inbound;
	const char *comment;
	size_t comment_len;
};
size_t xt_pcapng_packet_put(uint8_t *out, size_t room, const struct xt_pcapng_packet *packet);
/* Secrets of the packets that follow: the text of a WireGuard key log. */
size_t xt_pcapng_secrets_put(uint8_t *out, size_t room, const void *text, size_t len);

/* received  packets that the interface had, those that were dropped included */
struct xt_pcapng_statistics {
	uint32_t interface;
	uint64_t start_ns, end_ns;
	uint64_t received, dropped;
};
size_t xt_pcapng_statistics_put(uint8_t *out, size_t room,
				const struct xt_pcapng_statistics *statistics);

enum xt_pcapng_type {
	XT_PCAPNG_INTERFACE = 1,
	XT_PCAPNG_STATISTICS = 5,
	XT_PCAPNG_PACKET = 6,
	XT_PCAPNG_SECRETS = 10,
	XT_PCAPNG_SECTION = 0x0a0d0d0a,
};

/* body  the block without its type and lengths; points into what was read */
struct xt_pcapng_block {
	uint32_t type;
	const uint8_t *body;
	uint32_t len;
};
/* The block at the beginning of bytes. Its length; 0: it is not complete yet; XT_E_SYNTAX: its
 * length is none of a little-endian block of at most XT_PCAPNG_BLOCK_MAX bytes. */
int xt_pcapng_block_get(struct xt_pcapng_block *block, const uint8_t *bytes, size_t len);
/* What a block of that type says, as far as it is one of those above; pointers into the block, all
 * bytes of the packet in bytes. false: it is malformed. */
bool xt_pcapng_packet_get(struct xt_pcapng_packet *packet, const struct xt_pcapng_block *block);
bool xt_pcapng_statistics_get(struct xt_pcapng_statistics *statistics,
			      const struct xt_pcapng_block *block);

#endif
