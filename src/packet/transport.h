/* SPDX-License-Identifier: MIT */
/* The fields of TCP and UDP headers that cutting and joining segments touch (RFC 9293 3.1, 768). */
#ifndef XT_PACKET_TRANSPORT_H
#define XT_PACKET_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XT_TCP_HEADER	20u /* without options */
#define XT_TCP_FLAGS	13u /* where the flags stand */
#define XT_TCP_CHECKSUM 16u
#define XT_TCP_URGENT	18u /* the urgent pointer */
#define XT_UDP_HEADER	8u
#define XT_UDP_CHECKSUM 6u

enum {
	XT_TCP_FIN = 0x01,
	XT_TCP_SYN = 0x02,
	XT_TCP_RST = 0x04,
	XT_TCP_PSH = 0x08,
	XT_TCP_ACK = 0x10,
	XT_TCP_URG = 0x20,
	XT_TCP_ECE = 0x40,
	XT_TCP_CWR = 0x80,
};

/* The length of the TCP header at tcp, with options; 0: it does not lie inside len. */
static inline uint32_t xt_tcp_header(const uint8_t *tcp, size_t len)
{
	uint32_t header;

	if (len < XT_TCP_HEADER)
		return 0;
	header = (uint32_t)(tcp[12] >> 4) * 4;
	return header >= XT_TCP_HEADER && header <= len ? header : 0;
}

/* A segment that only acknowledges: no data, no flag but ACK. */
static inline bool xt_tcp_bare_ack(const uint8_t *tcp, size_t len)
{
	unsigned more = XT_TCP_FIN | XT_TCP_SYN | XT_TCP_RST | XT_TCP_PSH | XT_TCP_URG;

	return xt_tcp_header(tcp, len) == len && len > 0 &&
	       (tcp[XT_TCP_FLAGS] & (more | XT_TCP_ACK)) == XT_TCP_ACK;
}

#endif
