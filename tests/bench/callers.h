/* SPDX-License-Identifier: MIT */
/* Many peers that begin a handshake with one responder, in real time: initiations are made ahead
 * and sent so that a window of them is open.  A responder under load asks for a cookie; the caller
 * sends its initiation again with it.  In a burst all of them call at once, and who gets no answer
 * calls again after REKEY_TIMEOUT and a jitter, as WireGuard does. */
#ifndef XT_BENCH_CALLERS_H
#define XT_BENCH_CALLERS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "core/cookie.h"
#include "core/noise.h"
#include "core/tai64n.h"
#include "crypto/dh.h"
#include "platform/clock.h"

#define CALLERS_TIMEOUT_NS (500 * XT_MS) /* then a call counts as lost */
#define CALLERS_PASS_NS	   (8 * XT_SECOND)
#define CALLERS_PORT	   20000 /* of the first, the others follow */

/* n       peers, each of which calls once a pass
 * passes  the first is not counted: static secrets are computed in it
 * window  calls open at a time
 * gap_ms  from an answer to the next call
 * burst   all at once, instead of the passes
 * source  IPv4 address of the first caller, the others follow; NULL: all have the same */
struct callers_options {
	const char *address, *key, *source;
	uint32_t n, passes, window, gap_ms;
	bool burst;
};

struct call {
	int fd;
	struct xt_cookie_maker maker;
	struct xt_noise_local local;
	struct xt_noise_peer peer;
	struct xt_noise_handshake hs;
	struct xt_msg_initiation msg;
	struct xt_msg_response response;
	uint64_t sent, answered; /* 0: not yet */
	uint64_t due;		 /* in a burst: when it calls again */
};

struct callers {
	int epoll;
	uint32_t n, window, open;
	uint64_t gap, last; /* last: answer, or call without one */
	struct call *calls;
	uint64_t cookies, lost;
	bool burst;
};

/* Keys that can be computed: for a benchmark only. */
static inline void caller_key(struct xt_private *key, uint32_t i)
{
	memset(key->b, 0x5c, sizeof(key->b));
	for (size_t b = 0; b < 4; b++)
		key->b[8 + b] = (uint8_t)(i >> 8 * b);
	xt_dh_clamp(key);
}

static inline int callers_keys(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		char text[XT_KEY_BASE64];
		struct xt_private key;
		struct xt_public public;

		caller_key(&key, i);
		xt_dh_public(&public, &key);
		xt_key_to_base64(text, public.b);
		puts(text);
	}
	return 0;
}

static inline void callers_send(struct callers *c, uint32_t i)
{
	struct call *call = &c->calls[i];

	xt_cookie_add_macs(&call->maker, xt_clock_now().mono, &call->msg, sizeof(call->msg));
	call->sent = xt_clock_now().mono;
	if (send(call->fd, &call->msg, sizeof(call->msg), 0) < 0 && errno != ECONNREFUSED)
		perror("send");
}

static inline void callers_take(struct callers *c, uint32_t i, const uint8_t *bytes, size_t len)
{
	enum xt_msg_type type = xt_msg_type(bytes, len);
	struct call *call = &c->calls[i];
	uint64_t now = xt_clock_now().mono;

	if (!call->sent || call->answered)
		return;
	if (type == XT_MSG_RESPONSE) {
		memcpy(&call->response, bytes, sizeof(call->response));
		call->answered = c->last = now;
		c->open--;
	} else if (type == XT_MSG_COOKIE &&
		   xt_cookie_accept(&call->maker, now, (const void *)bytes)) {
		c->cookies++;
		if (!c->burst)
			callers_send(c, i);
	}
}

static inline void callers_drain(struct callers *c, int wait_ms)
{
	struct epoll_event events[64];
	uint8_t bytes[256];
	ssize_t len;
	int n = epoll_wait(c->epoll, events, 64, wait_ms);

	for (int e = 0; e < n; e++) {
		uint32_t i = events[e].data.u32;

		while ((len = recv(c->calls[i].fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
			callers_take(c, i, bytes, (size_t)len);
	}
}

/* Every caller calls once. Returns the nanoseconds that it took. */
static inline uint64_t callers_pass(struct callers *c)
{
	uint64_t start = xt_clock_now().mono, now = start;
	uint32_t next = 0, oldest = 0;

	c->open = 0;
	while ((next < c->n || c->open) && now - start < CALLERS_PASS_NS) {
		while (next < c->n && c->open < c->window && now >= c->last + c->gap) {
			c->open++;
			callers_send(c, next++);
		}
		callers_drain(c, c->open ? 20 : 1);
		now = xt_clock_now().mono;
		while (oldest < next && (c->calls[oldest].answered ||
					 now > c->calls[oldest].sent + CALLERS_TIMEOUT_NS)) {
			if (!c->calls[oldest].answered) {
				c->open--;
				c->lost++;
				c->last = now;
				/* A late answer no longer counts. */
				c->calls[oldest].sent = 0;
			}
			oldest++;
		}
	}
	return now - start;
}

static inline int callers_prepare(struct callers *c, const struct xt_public *responder, bool first)
{
	uint8_t timestamp[XT_TIMESTAMP_LEN];

	xt_tai64n_encode(timestamp, xt_clock_now().wall);
	for (uint32_t i = 0; i < c->n; i++) {
		struct call *call = &c->calls[i];
		struct xt_private key;

		caller_key(&key, i);
		if (first) {
			xt_noise_local_set(&call->local, &key);
			xt_noise_peer_set(&call->peer, &call->local, responder);
			xt_cookie_maker_init(&call->maker, responder);
		}
		call->sent = call->answered = 0;
		key.b[9] = (uint8_t)~key.b[9]; /* the ephemeral is known as well */
		if (xt_noise_initiate(&call->hs, &call->local, &call->peer, &key, timestamp, i + 1,
				      &call->msg))
			return XT_E_CRYPTO;
	}
	return 0;
}

static inline int callers_connect(struct callers *c, const struct callers_options *options)
{
	const struct rlimit limit = {c->n + 64, c->n + 64};
	struct sockaddr_in to = {.sin_family = AF_INET}, local = {.sin_family = AF_INET};
	struct xt_endpoint endpoint;
	struct xt_ip source = {0};

	if (xt_endpoint_parse(&endpoint, options->address) || endpoint.ip.family != 4)
		return XT_E_INVALID;
	if (options->source && (xt_ip_parse(&source, options->source) || source.family != 4))
		return XT_E_INVALID;
	memcpy(&to.sin_addr, endpoint.ip.b, 4);
	to.sin_port = htons(endpoint.port);
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (uint32_t i = 0; c->epoll >= 0 && i < c->n; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		local.sin_port = htons((uint16_t)(CALLERS_PORT + i % 40000));
		if (options->source)
			local.sin_addr.s_addr = htonl(xt_be32_get(source.b) + i);
		c->calls[i].fd = fd;
		if (fd < 0 || bind(fd, (const struct sockaddr *)&local, sizeof(local)) < 0 ||
		    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
		    epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
			return -errno;
	}
	return c->epoll < 0 ? -errno : 0;
}

#define CALLERS_BURST_NS (30 * XT_SECOND)

/* All call at once. answered becomes the time since the first call. */
static inline void callers_burst(struct callers *c)
{
	uint64_t start = xt_clock_now().mono, now = start;

	c->burst = true;
	c->open = c->n;
	while (c->open && now - start < CALLERS_BURST_NS) {
		for (uint32_t i = 0; i < c->n; i++) {
			struct call *call = &c->calls[i];

			if (call->answered || call->due > now)
				continue;
			callers_send(c, i);
			call->due = now + XT_REKEY_TIMEOUT + i * 7919ull % 333 * XT_MS;
		}
		callers_drain(c, 1);
		now = xt_clock_now().mono;
	}
	for (uint32_t i = 0; i < c->n; i++)
		if (c->calls[i].answered)
			c->calls[i].answered -= start;
}

static inline int callers_by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static inline void callers_print(const struct callers *c, uint64_t *took, uint64_t n, uint64_t ns,
				 uint64_t valid)
{
	qsort(took, (size_t)n, sizeof(*took), callers_by_value);
	printf("{\"bench\": \"callers\", \"answered\": %llu, \"valid\": %llu, \"lost\": %llu, "
	       "\"cookies\": %llu, \"seconds\": %.4f, \"per_second\": %.1f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
	       (unsigned long long)n, (unsigned long long)valid, (unsigned long long)c->lost,
	       (unsigned long long)c->cookies, (double)ns / 1e9,
	       ns ? (double)valid * 1e9 / (double)ns : 0, n ? (double)took[n / 2] / 1e6 : 0,
	       n ? (double)took[n * 99 / 100] / 1e6 : 0, n ? (double)took[n - 1] / 1e6 : 0);
}

/* The time until that part of all, in per cent, was answered; -1: it never was. */
static inline double callers_part_ms(const struct callers *c, const uint64_t *took, uint64_t n,
				     unsigned percent)
{
	uint64_t at = ((uint64_t)c->n * percent + 99) / 100;

	return at && at <= n ? (double)took[at - 1] / 1e6 : -1;
}

static inline int callers_burst_run(struct callers *c, const struct xt_public *responder,
				    uint64_t *took)
{
	uint64_t n = 0;

	if (callers_prepare(c, responder, true))
		return XT_E_CRYPTO;
	callers_burst(c);
	for (uint32_t i = 0; i < c->n; i++)
		if (c->calls[i].answered)
			took[n++] = c->calls[i].answered;
	qsort(took, (size_t)n, sizeof(*took), callers_by_value);
	printf("{\"bench\": \"burst\", \"callers\": %u, \"answered\": %llu, \"cookies\": %llu, "
	       "\"p50_ms\": %.1f, \"p90_ms\": %.1f, \"p100_ms\": %.1f}\n",
	       c->n, (unsigned long long)n, (unsigned long long)c->cookies,
	       callers_part_ms(c, took, n, 50), callers_part_ms(c, took, n, 90),
	       callers_part_ms(c, took, n, 100));
	return 0;
}

static inline int callers_run(const struct callers_options *options)
{
	struct callers c = {
	    .n = options->n, .window = options->window, .gap = options->gap_ms * XT_MS};
	uint64_t ns = 0, n = 0, valid = 0, *took;
	struct xt_public responder;
	int rc;

	if (!xt_key_from_base64(responder.b, options->key, strlen(options->key)))
		return XT_E_INVALID;
	c.calls = calloc(c.n, sizeof(*c.calls));
	took = calloc((size_t)c.n * options->passes, sizeof(*took));
	if (!c.calls || !took)
		return XT_E_NOMEM;
	rc = callers_connect(&c, options);
	if (rc)
		return rc;
	if (options->burst)
		rc = callers_burst_run(&c, &responder, took);
	for (uint32_t pass = 0; !options->burst && pass < options->passes; pass++) {
		uint64_t span;

		if (callers_prepare(&c, &responder, pass == 0))
			return XT_E_CRYPTO;
		span = callers_pass(&c);
		if (pass == 0 && options->passes > 1) {
			c.lost = 0;
			usleep(100000); /* a peer's initiations are consumed no faster */
			continue;
		}
		ns += span;
		for (uint32_t i = 0; i < c.n; i++) {
			struct call *call = &c.calls[i];
			struct xt_noise_keys keys;

			if (!call->answered)
				continue;
			took[n++] = call->answered - call->sent;
			valid += xt_noise_read_response(&call->hs, &call->local, &call->peer,
							&call->response, &keys) == 0;
		}
	}
	if (!options->burst)
		callers_print(&c, took, n, ns, valid);
	free(took);
	free(c.calls);
	return rc;
}

#endif
