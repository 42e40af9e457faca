/* SPDX-License-Identifier: MIT */
/* wintun_echo NAME all | pair | end: in place of the host's network, send echo requests into the
 * adapter NAME and take the replies out of it. all: from 10.9.7.1 and fd07::1 to other addresses of
 * their networks, in sizes up to the largest, after two packets that are not to be answered. pair:
 * one to 10.9.7.2. end: remove the adapter. Exit status 0: every reply came and is right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wintun_double.h"

#include "base/bytes.h"
#include "packet/checksum.h"

#define MTU	 1500
#define LIMIT_MS 20000
#define HEAD4	 20
#define HEAD6	 40
#define ICMP	 8
#define MORE	 0x2000

static const uint8_t from4[4] = {10, 9, 7, 1}, from6[16] = {0xfd, 7, [15] = 1};
static struct wintun_end end;
static uint8_t message[65535], reply[65535];

static bool end_open(const char *name)
{
	wchar_t wide[WINTUN_NAME];

	return MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, WINTUN_NAME) > 0 &&
	       wintun_end_open(&end, wide, true);
}

static void head4_put(uint8_t *p, uint8_t protocol, uint8_t host, uint32_t at, uint32_t len,
		      bool more)
{
	const uint8_t to[4] = {10, 9, 7, host};

	memset(p, 0, HEAD4);
	p[0] = 0x45;
	xt_be16_put(p + 2, (uint16_t)(HEAD4 + len));
	xt_be16_put(p + 4, 77);
	xt_be16_put(p + 6, (uint16_t)(at / 8 | (more ? MORE : 0)));
	p[8] = 9;
	p[9] = protocol;
	memcpy(p + 12, from4, 4);
	memcpy(p + 16, to, 4);
	xt_be16_put(p + 10, xt_checksum(p, HEAD4));
}

/* The request's ICMP message with that many bytes of data, in fragments as the MTU asks. */
static bool request4_put(uint8_t host, uint16_t seq, uint32_t data)
{
	uint32_t len = ICMP + data;
	uint8_t packet[MTU];

	memset(message, 0, ICMP);
	message[0] = 8;
	xt_be16_put(message + 4, 7);
	xt_be16_put(message + 6, seq);
	for (uint32_t i = ICMP; i < len; i++)
		message[i] = (uint8_t)(i + seq);
	xt_be16_put(message + 2, xt_checksum(message, len));
	for (uint32_t at = 0; at < len; at += MTU - HEAD4) {
		uint32_t n = len - at < MTU - HEAD4 ? len - at : MTU - HEAD4;

		head4_put(packet, 1, host, at, n, at + n < len);
		memcpy(packet + HEAD4, message + at, n);
		if (!wintun_host_put(&end, packet, HEAD4 + n))
			return false;
	}
	return true;
}

static uint32_t packet_await(uint8_t *packet, uint32_t size, ULONGLONG until)
{
	uint32_t len;

	while ((len = wintun_host_take(&end, packet, size)) == 0 && GetTickCount64() < until)
		(void)WaitForSingleObject(end.come, 100);
	return len;
}

static bool fragment_right(const uint8_t *p, uint32_t len, uint8_t host)
{
	return len >= HEAD4 && p[0] == 0x45 && xt_be16_get(p + 2) == len && p[8] == 64 &&
	       p[9] == 1 && xt_checksum(p, HEAD4) == 0 && p[15] == host &&
	       memcmp(p + 12, from4, 3) == 0 && memcmp(p + 16, from4, 4) == 0;
}

/* The reply, of as many fragments: the request's bytes but for type and checksum. */
static bool reply4_await(uint8_t host, uint32_t data)
{
	ULONGLONG until = GetTickCount64() + LIMIT_MS;
	uint32_t total = ICMP + data, come = 0;
	uint8_t packet[MTU];

	memset(reply, 0, sizeof(reply));
	while (come < total) {
		uint32_t len = packet_await(packet, sizeof(packet), until), at;

		if (len == 0 || len > MTU || !fragment_right(packet, len, host))
			return false;
		at = (xt_be16_get(packet + 6) & 0x1fffu) * 8;
		if (at + len - HEAD4 > total)
			return false;
		memcpy(reply + at, packet + HEAD4, len - HEAD4);
		come += len - HEAD4;
	}
	return reply[0] == 0 && reply[1] == 0 && xt_checksum(reply, total) == 0 &&
	       memcmp(reply + 4, message + 4, total - 4) == 0;
}

/* The sum of an ICMPv6 message with its pseudo-header. */
static uint16_t sum6(const uint8_t *p, uint32_t len)
{
	static uint8_t summed[HEAD6 + MTU];

	memset(summed, 0, HEAD6);
	memcpy(summed, p + 8, 32);
	xt_be32_put(summed + 32, len);
	summed[39] = 58;
	memcpy(summed + HEAD6, p + HEAD6, len);
	return xt_checksum(summed, HEAD6 + len);
}

static bool ping6(uint16_t seq, uint32_t data)
{
	uint32_t len = ICMP + data;
	uint8_t request[MTU], got[MTU];

	memset(request, 0, sizeof(request));
	request[0] = 0x60;
	xt_be16_put(request + 4, (uint16_t)len);
	request[6] = 58;
	request[7] = 64;
	memcpy(request + 8, from6, 16);
	memcpy(request + 24, from6, 16);
	request[39] = 9;
	request[HEAD6] = 128;
	xt_be16_put(request + HEAD6 + 6, seq);
	xt_be16_put(request + HEAD6 + 2, sum6(request, len));
	if (!wintun_host_put(&end, request, HEAD6 + len) ||
	    packet_await(got, sizeof(got), GetTickCount64() + LIMIT_MS) != HEAD6 + len)
		return false;
	return got[HEAD6] == 129 && memcmp(got + 8, request + 24, 16) == 0 &&
	       memcmp(got + 24, request + 8, 16) == 0 && sum6(got, len) == 0 &&
	       memcmp(got + HEAD6 + 4, request + HEAD6 + 4, len - 4) == 0;
}

/* Were one of these answered, that would come before the first reply. */
static bool others_put(void)
{
	uint8_t packet[HEAD4 + 8] = {0};

	head4_put(packet, 17, 2, 0, 8, false);
	return wintun_host_put(&end, packet, sizeof(packet)) && request4_put(255, 0, 56);
}

static int ping4(uint8_t host, uint16_t seq, uint32_t data)
{
	if (request4_put(host, seq, data) && reply4_await(host, data))
		return 0;
	fprintf(stderr, "10.9.7.%u, %lu bytes: no right answer\n", (unsigned)host,
		(unsigned long)data);
	return 1;
}

static int all_ping(void)
{
	static const uint32_t sizes[] = {0, 1, 1472, 1473, 9000, 65507};
	int failed = others_put() ? 0 : 1;

	for (uint16_t i = 0; i < XT_LEN(sizes); i++)
		failed |= ping4((uint8_t)(i % 2 ? 254 : 2), i, sizes[i]);
	if (!ping6(1, 0) || !ping6(2, MTU - HEAD6 - ICMP)) {
		fprintf(stderr, "fd07::9: no right answer\n");
		failed = 1;
	}
	return failed;
}

int main(int argc, char **argv)
{
	if (argc != 3 || !end_open(argv[1]))
		return 2;
	if (strcmp(argv[2], "all") == 0)
		return all_ping();
	if (strcmp(argv[2], "pair") == 0)
		return ping4(2, 1, 56);
	wintun_host_unplug(&end);
	return 0;
}
