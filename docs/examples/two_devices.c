/* SPDX-License-Identifier: MIT */
/* Two WireGuard devices joined by memory: a handshake, then a text each way (easy interface). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xtunnel/xtunnel.h>

static const struct xt_time now = {.mono = 1000000000, .wall = 1767225600000000000};
static const struct xt_endpoint at[2] = {{{4, {192, 0, 2, 1}}, 7, 0}, {{4, {192, 0, 2, 2}}, 7, 0}};
static const struct xt_cidr inner[2] = {{{4, {10, 7, 0, 0}}, 32}, {{4, {10, 7, 0, 1}}, 32}};
static struct xt_easy *side[2];

static void random_bytes(void *ctx, void *buf, size_t n)
{
	if (ctx || getrandom(buf, n, 0) != (ssize_t)n)
		abort();
}

static int send_text(uint8_t from, uint8_t to, const char *text)
{
	uint8_t packet[99] = {0x45, 0, 0, 99, [8] = 64, 17, [12] = 10, 7, 0, from, 10, 7, 0, to};

	snprintf((char *)packet + 20, sizeof(packet) - 20, "%s", text);
	return xt_easy_send(side[from], now, packet, sizeof(packet));
}

static int carry(int i)
{
	struct xt_easy_datagram datagram;
	struct xt_easy_packet packet;
	int n = 0;

	for (; xt_easy_take_datagram(side[i], &datagram); n++) {
		datagram.path.remote = at[i];
		xt_easy_recv(side[!i], now, &datagram);
		while (xt_easy_take_packet(side[!i], &packet))
			printf("from %d: \"%s\"\n", i, (const char *)packet.data + 20);
	}
	return n;
}

int main(void)
{
	struct xt_env env = {.random = random_bytes};

	if (xt_easy_new(&side[0], &env, NULL) || xt_easy_new(&side[1], &env, NULL))
		return 1;
	for (int i = 0; i < 2; i++) {
		struct xt_public key = xt_easy_key(side[!i]);
		if (xt_easy_add_peer(side[i], now, &key, &at[!i], &inner[!i], 1))
			return 1;
	}
	send_text(0, 1, "hello, 1"); /* is staged until the handshake is done */
	while (carry(0) + carry(1))
		;
	send_text(1, 0, "hello, 0");
	carry(1);
	xt_easy_free(side[0]);
	xt_easy_free(side[1]);
}
