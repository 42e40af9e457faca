/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* A tunnel that goes on as another one, with the same sockets. The TUN is in memory, the sockets
 * are on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/bytes.h"
#include "core/limits.h"
#include "platform/mem/mem.h"
#include "tunnel/timestamp.h"
#include "tunnel/tunnel.h"

/* bound  as it stands on file; bounds, records: written so often */
struct end {
	struct xt_tunnel *tunnel;
	struct xt_tun *tun;
	struct xt_private key;
	struct xt_public pub;
	struct xt_ip inner;
	uint16_t port;
	uint64_t bound;
	unsigned bounds, records, reads;
};

static struct end ends[2];

static void on_bound_read(void *ctx, const char *name)
{
	struct end *e = ctx;

	(void)name;
	e->reads++;
	xt_tunnel_bound_read(e->tunnel, e->bound, true);
	xt_tunnel_memory_read(e->tunnel, NULL, 0);
}

static void on_bound_write(void *ctx, uint64_t bound, bool answer)
{
	struct end *e = ctx;

	e->bounds++;
	e->bound = bound;
	if (answer)
		xt_tunnel_bound_written(e->tunnel, true);
}

static void on_memory_write(void *ctx, const struct xt_peer_memory *v, size_t n)
{
	struct end *e = ctx;

	(void)v;
	e->records += (unsigned)n;
}

static int tunnel_open(struct end *e, const struct xt_tunnel_start *start)
{
	const struct xt_tunnel_callbacks callbacks = {.ctx = e,
						      .bound_read = on_bound_read,
						      .bound_write = on_bound_write,
						      .memory_write = on_memory_write};

	assert_int_equal(xt_tun_mem_new(&e->tun, 1024, 1420), 0);
	assert_int_equal(xt_tunnel_new(&e->tunnel, e->tun, &callbacks), 0);
	return xt_tunnel_start(e->tunnel, start, NULL);
}

static void end_open(struct end *e, const struct end *other, struct xt_udp_sockets *sockets)
{
	const struct xt_cidr inner = {other->inner, 32};
	struct xt_change change;
	struct xt_peer_change *pc;

	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	change.private_key = e->key;
	pc = xt_change_peer(&change, &other->pub);
	pc->set = XT_PEER_ENDPOINT;
	pc->endpoint = (struct xt_endpoint){.ip = {4, {127, 0, 0, 1}}, .port = other->port};
	assert_int_equal(xt_change_allowed(pc, &inner, false), 0);
	assert_int_equal(tunnel_open(e, &(struct xt_tunnel_start){.change = &change,
								  .sockets = sockets,
								  .threads = 1,
								  .keylog = -1}),
			 0);
	xt_change_clear(&change);
}

static int begin(void **state)
{
	struct xt_udp_sockets sockets[2];

	(void)state;
	memset(ends, 0, sizeof(ends));
	for (unsigned i = 0; i < 2; i++) {
		randombytes_buf(ends[i].key.b, 32);
		crypto_scalarmult_base(ends[i].pub.b, ends[i].key.b);
		ends[i].inner = (struct xt_ip){4, {10, 7, 0, (uint8_t)(i + 1)}};
		assert_int_equal(xt_udp_sockets_open(&sockets[i], 0, 0), 0);
		ends[i].port = sockets[i].port;
	}
	for (unsigned i = 0; i < 2; i++)
		end_open(&ends[i], &ends[1 - i], &sockets[i]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		xt_tunnel_close(ends[i].tunnel);
	return 0;
}

static void packet_inject(struct end *from, const struct end *to, uint16_t n)
{
	uint8_t packet[100] = {0x45, 0, 0, sizeof(packet), 0, 0, 0, 0, 64, 17};

	memcpy(packet + 12, from->inner.b, 4);
	memcpy(packet + 16, to->inner.b, 4);
	xt_be16_put(packet + 28, n);
	assert_int_equal(xt_tun_mem_inject(from->tun, packet, sizeof(packet)), 0);
	assert_true(xt_tunnel_out(from->tunnel) >= 0);
}

/* The next packet that e's TUN gives out, within a second. */
static uint16_t packet_await(struct end *e)
{
	uint8_t packet[XT_PACKET_MAX];

	for (unsigned i = 0; i < 1000; i++) {
		if (xt_tun_mem_take(e->tun, packet, sizeof(packet)) > 0)
			return xt_be16_get(packet + 28);
		for (unsigned k = 0; k < 2; k++) {
			struct pollfd fd = {.fd = xt_tunnel_udp(ends[k].tunnel)->fd[0],
					    .events = POLLIN};

			if (poll(&fd, 1, 1) > 0)
				assert_true(xt_tunnel_in(ends[k].tunnel) >= 0);
			xt_tunnel_tick(ends[k].tunnel);
		}
	}
	fail_msg("no packet");
	return 0;
}

static void sockets_copy(const struct end *e, struct xt_udp_sockets *out)
{
	const struct xt_udp *udp = xt_tunnel_udp(e->tunnel);

	out->port = udp->port;
	for (unsigned i = 0; i < 2; i++)
		out->fd[i] = udp->fd[i] < 0 ? -1 : fcntl(udp->fd[i], F_DUPFD_CLOEXEC, 0);
}

/* As another process would. meanwhile: while no tunnel reads. */
static void end_replace(struct end *e, void (*meanwhile)(void))
{
	struct xt_secbuf buf = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_udp_sockets sockets;

	assert_true(xt_tunnel_park(e->tunnel));
	assert_int_equal(xt_tunnel_snapshot(e->tunnel, &buf), 0);
	sockets_copy(e, &sockets);
	if (meanwhile)
		meanwhile();
	xt_tunnel_release(e->tunnel);
	xt_tunnel_close(e->tunnel);
	assert_int_equal(tunnel_open(e, &(struct xt_tunnel_start){.sockets = &sockets,
								  .threads = 1,
								  .keylog = -1,
								  .snapshot = buf.p,
								  .snapshot_len = buf.len}),
			 0);
	xt_secbuf_clear(&buf);
}

static uint64_t handshakes(const struct end *e)
{
	return xt_tunnel_counted(e->tunnel, XT_TAKEN_HANDSHAKE);
}

static void session_open(void)
{
	packet_inject(&ends[0], &ends[1], 1);
	assert_int_equal(packet_await(&ends[1]), 1);
	packet_inject(&ends[1], &ends[0], 2);
	assert_int_equal(packet_await(&ends[0]), 2);
}

static void three_sent(void)
{
	for (uint16_t i = 0; i < 3; i++)
		packet_inject(&ends[1], &ends[0], (uint16_t)(10 + i));
}

static void a_tunnel_goes_on_and_reads_what_came_meanwhile(void **state)
{
	(void)state;
	session_open();
	end_replace(&ends[0], three_sent);
	for (uint16_t i = 0; i < 3; i++)
		assert_int_equal(packet_await(&ends[0]), 10 + i);
	packet_inject(&ends[0], &ends[1], 20);
	assert_int_equal(packet_await(&ends[1]), 20);
	assert_int_equal(handshakes(&ends[0]), 1);
	assert_int_equal(handshakes(&ends[1]), 1);
}

static void fifty_times_in_a_row_nothing_is_lost(void **state)
{
	(void)state;
	session_open();
	for (uint16_t i = 0; i < 50; i++) {
		end_replace(&ends[i & 1], NULL);
		packet_inject(&ends[0], &ends[1], (uint16_t)(100 + i));
		assert_int_equal(packet_await(&ends[1]), 100 + i);
		packet_inject(&ends[1], &ends[0], (uint16_t)(200 + i));
		assert_int_equal(packet_await(&ends[0]), 200 + i);
	}
	assert_int_equal(handshakes(&ends[0]), 1);
	assert_int_equal(xt_tunnel_counted(ends[0].tunnel, XT_DROP_REPLAY), 0);
	assert_int_equal(xt_tunnel_counted(ends[1].tunnel, XT_DROP_REPLAY), 0);
}

static void a_parked_tunnel_moves_nothing_until_it_is_resumed(void **state)
{
	(void)state;
	session_open();
	assert_true(xt_tunnel_park(ends[0].tunnel));
	packet_inject(&ends[0], &ends[1], 30);
	packet_inject(&ends[1], &ends[0], 31);
	assert_int_equal(xt_tunnel_in(ends[0].tunnel), 0);
	assert_int_equal(xt_tunnel_wait(ends[0].tunnel), XT_NEVER);
	xt_tunnel_resume(ends[0].tunnel);
	assert_true(xt_tunnel_out(ends[0].tunnel) >= 0);
	assert_int_equal(packet_await(&ends[1]), 30);
	assert_int_equal(packet_await(&ends[0]), 31);
}

/* The one that leaves writes no exact bound: the other one's timestamps would exceed it. */
static void
the_bound_of_timestamps_goes_along_and_is_not_written_by_the_one_that_leaves(void **state)
{
	struct end *e = &ends[0];
	uint64_t bound;

	(void)state;
	session_open();
	bound = e->bound;
	assert_true(bound > 0);
	assert_int_equal(e->bounds, 1);
	end_replace(e, NULL);
	assert_int_equal(e->bounds, 1);
	assert_int_equal(e->reads, 2); /* for the records of peers */
	packet_inject(e, &ends[1], 40);
	assert_int_equal(packet_await(&ends[1]), 40);
	assert_int_equal(e->bound, bound);
	/* A handshake is not held back, nor ahead of the clock by a bound that was read. */
	assert_int_equal(xt_tunnel_start_handshake(e->tunnel, &ends[1].pub), 0);
	for (unsigned i = 0; i < 30 && handshakes(e) < 2; i++) {
		xt_tunnel_tick(e->tunnel);
		usleep(50000);
		(void)xt_tunnel_in(ends[1].tunnel);
		(void)xt_tunnel_in(e->tunnel);
	}
	assert_int_equal(handshakes(e), 2);
	xt_tunnel_close(e->tunnel);
	assert_true(e->bound < bound); /* the exact one of a clean end */
	e->tunnel = NULL;
}

static int refused_open(struct end *e, const struct xt_secbuf *buf, size_t len)
{
	struct xt_udp_sockets sockets;
	int rc;

	assert_int_equal(xt_udp_sockets_open(&sockets, 0, 0), 0);
	rc = tunnel_open(e, &(struct xt_tunnel_start){.sockets = &sockets,
						      .threads = 1,
						      .keylog = -1,
						      .snapshot = buf->p,
						      .snapshot_len = len});
	xt_tunnel_close(e->tunnel);
	return rc;
}

static void another_version_or_anything_else_is_refused(void **state)
{
	struct xt_secbuf buf = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct end other = {.key = ends[0].key};

	(void)state;
	session_open();
	assert_true(xt_tunnel_park(ends[0].tunnel));
	assert_int_equal(xt_tunnel_snapshot(ends[0].tunnel, &buf), 0);
	for (size_t i = 0; i < buf.len; i += i < 80 ? 1 : 17)
		assert_int_equal(refused_open(&other, &buf, i), XT_E_INVALID);
	buf.p[4]++;
	assert_int_equal(refused_open(&other, &buf, buf.len), XT_E_UNSUPPORTED);
	xt_secbuf_clear(&buf);
	xt_tunnel_resume(ends[0].tunnel);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
	    CASE(a_tunnel_goes_on_and_reads_what_came_meanwhile),
	    CASE(fifty_times_in_a_row_nothing_is_lost),
	    CASE(a_parked_tunnel_moves_nothing_until_it_is_resumed),
	    CASE(the_bound_of_timestamps_goes_along_and_is_not_written_by_the_one_that_leaves),
	    CASE(another_version_or_anything_else_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
