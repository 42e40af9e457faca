/* SPDX-License-Identifier: MIT */
/* A flood of UDP datagrams and its counter, for t_overload.sh.
 *
 *	e2e_blast send ADDRESS PORT SIZE N FIRST
 *	e2e_blast count PORT [BUFFER]
 *
 * send: N datagrams of SIZE bytes at full speed; their first 4 bytes are numbers from FIRST on.
 * Prints how many the kernel accepted and how many it refused.
 * count: prints `ready`; after SIGTERM, when its socket is empty, it prints how many arrived, how
 * many of them twice, and how many after a higher number. With a BUFFER of 0 it reads nothing
 * before SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST	  64
#define SIZE_MAX_ 1500
#define N_MAX	  100000000u

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

static unsigned number(const char *text, unsigned least, unsigned most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || !*text || n < least || n > most) {
		fprintf(stderr, "blast: %s: a number from %u to %u is wanted\n", text, least, most);
		exit(2);
	}
	return (unsigned)n;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* One burst, numbered from first on. Returns how many the kernel accepted; *refused: the others. */
static unsigned burst(int s, uint8_t bytes[BURST][SIZE_MAX_], size_t size, unsigned first,
		      unsigned n, unsigned *refused)
{
	struct mmsghdr msgs[BURST] = {0};
	struct iovec vecs[BURST];
	unsigned done = 0, taken = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t number = htonl(first + i);

		memcpy(bytes[i], &number, sizeof(number));
		vecs[i] = (struct iovec){bytes[i], size};
		msgs[i].msg_hdr.msg_iov = &vecs[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	while (done < n) {
		int sent = sendmmsg(s, msgs + done, n - done, 0);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			(*refused)++;
			done++;
			continue;
		}
		taken += (unsigned)sent;
		done += (unsigned)sent;
	}
	return taken;
}

static int blast(char **words)
{
	static uint8_t bytes[BURST][SIZE_MAX_];
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST}, *to;
	unsigned size = number(words[2], 4, SIZE_MAX_), n = number(words[3], 1, N_MAX);
	unsigned first = number(words[4], 0, N_MAX);
	unsigned taken = 0, refused = 0;
	int s;

	if (getaddrinfo(words[0], words[1], &hints, &to)) {
		fprintf(stderr, "blast: %s: no address\n", words[0]);
		return 2;
	}
	s = socket(to->ai_family, SOCK_DGRAM, 0);
	if (s < 0 || connect(s, to->ai_addr, to->ai_addrlen) < 0)
		die("blast");
	freeaddrinfo(to);
	for (unsigned done = 0; done < n; done += BURST)
		taken += burst(s, bytes, size, first + done, n - done < BURST ? n - done : BURST,
			       &refused);
	printf("%u %u\n", taken, refused);
	return 0;
}

struct tally {
	unsigned came, again, before;
	uint32_t last;
	uint8_t *seen;
};

static void take(struct tally *tally, const uint8_t *bytes, ssize_t len)
{
	uint32_t number;

	if (len < (ssize_t)sizeof(number))
		return;
	memcpy(&number, bytes, sizeof(number));
	number = ntohl(number);
	if (number >= N_MAX)
		return;
	tally->again += (tally->seen[number / 8] >> number % 8) & 1;
	tally->seen[number / 8] |= (uint8_t)(1 << number % 8);
	tally->before += tally->came && number < tally->last;
	tally->last = number;
	tally->came++;
}

static int count(char **words, unsigned buffer, int still)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)number(words[0], 1, 65535))};
	struct sigaction end = {.sa_handler = on_end};
	struct tally tally = {.seen = calloc(1, N_MAX / 8 + 1)};
	int s = socket(AF_INET6, SOCK_DGRAM, 0), no = 0;
	uint8_t bytes[SIZE_MAX_];

	if (s < 0 || !tally.seen || setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0)
		die("blast");
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	if (bind(s, (struct sockaddr *)&any, sizeof(any)) < 0)
		die("blast: bind");
	sigaction(SIGTERM, &end, NULL);
	printf("ready\n");
	fflush(stdout);
	while (still && !ended)
		pause();
	for (;;) {
		ssize_t len = recv(s, bytes, sizeof(bytes), ended ? MSG_DONTWAIT : 0);

		if (len >= 0)
			take(&tally, bytes, len);
		else if (errno == EAGAIN)
			break;
	}
	printf("%u %u %u\n", tally.came, tally.again, tally.before);
	free(tally.seen);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 7 && strcmp(argv[1], "send") == 0)
		return blast(argv + 2);
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "count") == 0) {
		unsigned buffer = argc == 4 ? number(argv[3], 0, 1u << 30) : 64u << 20;

		return count(argv + 2, buffer, buffer == 0);
	}
	fprintf(stderr, "usage: blast send ADDRESS PORT SIZE N FIRST | count PORT [BUFFER]\n");
	return 2;
}
