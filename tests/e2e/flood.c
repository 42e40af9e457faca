/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* A flood of handshake initiations for t_flood.sh. Their mac1 is valid and the rest is random,
 * which costs the receiver as much as a genuine one. They come from one address or from many,
 * through a raw socket, so run it in a network namespace of its own. Rate and time are bounded.
 *
 *	e2e_flood PUBLIC_KEY ADDRESS PORT FIRST_SOURCE SOURCES RATE SECONDS
 *
 * Prints how many were sent and how many the kernel refused. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <sodium.h>

#include "base/text.h"
#include "core/cookie.h"

#define MESSAGES 4096 /* prepared in advance, sent in rotation */
#define BURST	 64
#define RATE_MAX 1000000
#define TIME_MAX 600

struct head {
	struct iphdr ip;
	struct udphdr udp;
};

static uint8_t messages[MESSAGES][148];

static void make_messages(const char *key)
{
	struct xt_cookie_maker maker;
	struct xt_public public;

	if (!xt_key_from_base64(public.b, key, strlen(key))) {
		fprintf(stderr, "flood: that is no key\n");
		exit(2);
	}
	xt_cookie_maker_init(&maker, &public);
	for (size_t i = 0; i < MESSAGES; i++) {
		randombytes_buf(messages[i], sizeof(messages[i]));
		memcpy(messages[i], "\1\0\0\0", 4);
		xt_cookie_add_macs(&maker, 0, messages[i], sizeof(messages[i]));
	}
}

static struct head *make_heads(const char *first, size_t n, const struct sockaddr_in *to)
{
	struct head *heads = calloc(n, sizeof(*heads));
	struct in_addr from;

	if (!heads || inet_pton(AF_INET, first, &from) != 1)
		exit(2);
	for (size_t i = 0; i < n; i++) {
		heads[i].ip.version = 4;
		heads[i].ip.ihl = 5;
		heads[i].ip.ttl = 64;
		heads[i].ip.protocol = IPPROTO_UDP;
		heads[i].ip.tot_len = htons(sizeof(struct head) + sizeof(messages[0]));
		heads[i].ip.saddr = htonl(ntohl(from.s_addr) + (uint32_t)i);
		heads[i].ip.daddr = to->sin_addr.s_addr;
		heads[i].udp.source = htons(40000);
		heads[i].udp.dest = to->sin_port;
		heads[i].udp.len = htons(sizeof(struct udphdr) + sizeof(messages[0]));
	}
	return heads;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Sends one call's worth, beginning with number sent; returns how many the kernel accepted. */
static size_t burst(int fd, struct sockaddr_in *to, struct head *heads, size_t sources, size_t sent)
{
	static struct mmsghdr msgs[BURST];
	static struct iovec vecs[BURST][2];
	int n;

	for (size_t i = 0; i < BURST; i++) {
		vecs[i][0] = (struct iovec){&heads[(sent + i) % sources], sizeof(*heads)};
		vecs[i][1] = (struct iovec){messages[(sent + i) % MESSAGES], sizeof(messages[0])};
		msgs[i].msg_hdr = (struct msghdr){.msg_name = to,
						  .msg_namelen = sizeof(*to),
						  .msg_iov = vecs[i],
						  .msg_iovlen = 2};
	}
	n = sendmmsg(fd, msgs, BURST, 0);
	if (n < 0 && errno != ENOBUFS && errno != EINTR && errno != EPERM) {
		perror("flood: sendmmsg");
		exit(1);
	}
	return n > 0 ? (size_t)n : 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	size_t sources, sent = 0, refused = 0;
	double rate, seconds, start;
	struct head *heads;
	int fd;

	if (argc != 8 || sodium_init() < 0 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: e2e_flood KEY ADDRESS PORT SOURCE SOURCES RATE SECONDS\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	sources = strtoul(argv[5], NULL, 10);
	rate = atof(argv[6]);
	seconds = atof(argv[7]);
	if (!sources || sources > 65536 || rate <= 0 || rate > RATE_MAX || seconds > TIME_MAX)
		return 2;
	make_messages(argv[1]);
	heads = make_heads(argv[4], sources, &to);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0) {
		perror("flood: raw socket");
		return 1;
	}
	for (start = now(); now() - start < seconds;) {
		double due = (double)(sent + refused) / rate - (now() - start);
		size_t n;

		if (due > 0) {
			struct timespec rest = {0, (long)(due * 1e9)};
			nanosleep(&rest, NULL);
		}
		n = burst(fd, &to, heads, sources, sent);
		sent += n;
		refused += n ? 0 : BURST;
	}
	printf("%zu sent, %zu refused, %.0f a second\n", sent, refused,
	       (double)sent / (now() - start));
	free(heads);
	return 0;
}
