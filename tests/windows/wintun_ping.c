/* SPDX-License-Identifier: MIT */
/* wintun_ping FROM TO N [MEGABYTES]: in place of both hosts' networks, put N pings into the adapter
 * FROM, take them out of TO, answer them there, and take the answers out of FROM; then so many
 * megabytes of UDP, and a tenth of that back. Exit status 0: each arrived as it was sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wintun_double.h"
#include "wintun_flow.h"

#define LEN	 84
#define LIMIT_MS 20000

static void ping_make(uint8_t p[LEN], uint16_t seq, bool reply)
{
	memset(p, 0, LEN);
	p[0] = 0x45;
	xt_be16_put(p + 2, LEN);
	p[8] = 64;
	p[9] = 1;
	xt_be32_put(p + 12, reply ? 0x0a090002u : 0x0a090001u);
	xt_be32_put(p + 16, reply ? 0x0a090001u : 0x0a090002u);
	xt_be16_put(p + 10, xt_checksum(p, 20));
	p[20] = reply ? 0 : 8;
	xt_be16_put(p + 24, 7);
	xt_be16_put(p + 26, seq);
	for (int i = 28; i < LEN; i++)
		p[i] = (uint8_t)(i + seq);
	xt_be16_put(p + 22, xt_checksum(p + 20, LEN - 20));
}

static bool end_open(struct wintun_end *end, const char *name)
{
	wchar_t wide[WINTUN_NAME];

	return MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, WINTUN_NAME) > 0 &&
	       wintun_end_open(end, wide, true);
}

/* This packet comes, perhaps after others. */
static bool packet_await(struct wintun_end *end, const uint8_t want[LEN])
{
	ULONGLONG until = GetTickCount64() + LIMIT_MS;
	uint8_t got[2048];
	uint32_t len;

	for (;;) {
		len = wintun_host_take(end, got, sizeof(got));
		if (len == LEN && memcmp(got, want, LEN) == 0)
			return true;
		if (GetTickCount64() >= until)
			return false;
		if (len == 0)
			(void)WaitForSingleObject(end->come, 100);
	}
}

static bool pings_cross(struct wintun_end *from, struct wintun_end *to, int n)
{
	uint8_t packet[LEN];

	for (int i = 0; i < n; i++) {
		ping_make(packet, (uint16_t)i, false);
		if (!wintun_host_put(from, packet, LEN) || !packet_await(to, packet)) {
			fprintf(stderr, "ping %d did not arrive\n", i);
			return false;
		}
		ping_make(packet, (uint16_t)i, true);
		if (!wintun_host_put(to, packet, LEN) || !packet_await(from, packet)) {
			fprintf(stderr, "the answer to ping %d did not arrive\n", i);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	uint32_t bytes = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) << 20 : 0;
	struct wintun_end from, to;

	if (argc < 4 || argc > 5 || !end_open(&from, argv[1]) || !end_open(&to, argv[2]))
		return 2;
	if (!pings_cross(&from, &to, atoi(argv[3])))
		return 1;
	if (bytes && (!flow_run(&from, &to, 0, bytes) || !flow_run(&to, &from, 1, bytes / 10)))
		return 1;
	return 0;
}
