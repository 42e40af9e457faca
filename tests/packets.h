/* SPDX-License-Identifier: MIT */
/* Packets for tests, with checksums computed byte by byte. Shares no code with src/packet. */
#ifndef XT_TESTS_PACKETS_H
#define XT_TESTS_PACKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Sum of the big-endian words, an odd byte as the high half of one; folded after each. */
static inline uint16_t slow_sum(uint16_t sum, const uint8_t *p, size_t len)
{
	uint32_t s = sum;

	for (size_t i = 0; i < len; i++) {
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		if (s > 0xffff)
			s = (s & 0xffff) + 1;
	}
	return (uint16_t)s;
}

static inline uint16_t slow_pseudo6(const uint8_t *packet, uint32_t len, uint8_t protocol)
{
	uint8_t tail[8] = {(uint8_t)(len >> 24),
			   (uint8_t)(len >> 16),
			   (uint8_t)(len >> 8),
			   (uint8_t)len,
			   0,
			   0,
			   0,
			   protocol};

	return slow_sum(slow_sum(0, packet + 8, 32), tail, 8);
}

static inline void slow_put(uint8_t *field, uint16_t sum)
{
	field[0] = (uint8_t)(~sum >> 8);
	field[1] = (uint8_t)~sum;
}

static inline void slow_seal4(uint8_t *packet)
{
	packet[10] = packet[11] = 0;
	slow_put(packet + 10, slow_sum(0, packet, (size_t)(packet[0] & 15) * 4));
}

/* The checksum of ICMP at packet + head, for a whole packet of len bytes. */
static inline void slow_seal_icmp(uint8_t *packet, size_t head, size_t len)
{
	uint16_t sum = 0;

	packet[head + 2] = packet[head + 3] = 0;
	if (packet[0] >> 4 == 6)
		sum = slow_pseudo6(packet, (uint32_t)(len - head), 58);
	slow_put(packet + head + 2, slow_sum(sum, packet + head, len - head));
}

/* Are all checksums of a whole ICMP packet without extension headers right? */
static inline bool slow_right(const uint8_t *packet, size_t len)
{
	size_t head = packet[0] >> 4 == 6 ? 40 : (size_t)(packet[0] & 15) * 4;
	uint16_t sum = 0;

	if (packet[0] >> 4 == 6)
		sum = slow_pseudo6(packet, (uint32_t)(len - head), 58);
	else if (slow_sum(0, packet, head) != 0xffff)
		return false;
	return slow_sum(sum, packet + head, len - head) == 0xffff;
}

/* An echo request of size data bytes (counting up from 1) from and to 10.7.0.x; returns its length.
 */
static inline size_t request4(uint8_t *p, uint8_t from, uint8_t to, size_t size)
{
	const uint8_t head[28] = {0x45, 0,    0,  0, 0x12, 0x34, 0, 0, 63, 1, 0,    0,	  10, 7,
				  0,	from, 10, 7, 0,	   to,	 8, 0, 0,  0, 0xab, 0xcd, 0,  1};
	size_t len = sizeof(head) + size;

	memcpy(p, head, sizeof(head));
	for (size_t i = 0; i < size; i++)
		p[sizeof(head) + i] = (uint8_t)(i + 1);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	slow_seal4(p);
	slow_seal_icmp(p, 20, len);
	return len;
}

/* Likewise from and to fd07::x. The length field is only right up to 65,535 bytes of ICMP. */
static inline size_t request6(uint8_t *p, uint8_t from, uint8_t to, size_t size)
{
	const uint8_t head[48] = {
	    [0] = 0x60,	 [6] = 58,  [7] = 63,	[8] = 0xfd,  [9] = 0x07,  [23] = from, [24] = 0xfd,
	    [25] = 0x07, [39] = to, [40] = 128, [44] = 0xab, [45] = 0xcd, [47] = 1};
	size_t len = sizeof(head) + size;

	memcpy(p, head, sizeof(head));
	for (size_t i = 0; i < size; i++)
		p[sizeof(head) + i] = (uint8_t)(i + 1);
	p[4] = (uint8_t)((len - 40) >> 8);
	p[5] = (uint8_t)(len - 40);
	slow_seal_icmp(p, 40, len);
	return len;
}

/* The fragment of a whole packet that carries n bytes of its data from byte at on. Returns its
 * length. IPv6 gets a Fragment header with that id. */
static inline size_t cut_fragment(uint8_t *out, const uint8_t *whole, size_t len, size_t at,
				  size_t n, uint32_t id)
{
	size_t head = whole[0] >> 4 == 6 ? 40 : (size_t)(whole[0] & 15) * 4;
	bool more = at + n < len - head;

	memcpy(out, whole, head);
	if (head == 40 && whole[0] >> 4 == 6) {
		const uint8_t extra[8] = {whole[6],
					  0,
					  (uint8_t)(at >> 8),
					  (uint8_t)(at | more),
					  (uint8_t)(id >> 24),
					  (uint8_t)(id >> 16),
					  (uint8_t)(id >> 8),
					  (uint8_t)id};

		memcpy(out + 40, extra, 8);
		out[6] = 44;
		out[4] = (uint8_t)((n + 8) >> 8);
		out[5] = (uint8_t)(n + 8);
		memcpy(out + 48, whole + 40 + at, n);
		return 48 + n;
	}
	out[2] = (uint8_t)((head + n) >> 8);
	out[3] = (uint8_t)(head + n);
	out[6] = (uint8_t)((whole[6] & 0xc0) | (more ? 0x20 : 0) | at >> 11);
	out[7] = (uint8_t)(at >> 3);
	slow_seal4(out);
	memcpy(out + head, whole + head + at, n);
	return head + n;
}

#endif
