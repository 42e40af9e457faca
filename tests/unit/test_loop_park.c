/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* A loop that parks and goes on, in a network namespace of the test. The peer is a plain socket, at
 * which the initiations of the tunnel arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>

#include <sodium.h>

#include "net_namespace.h"
#include "base/bytes.h"
#include "tunnel/loop_uv.h"

struct fixture {
	uv_loop_t uv;
	struct xt_tunnel *tunnel;
	struct xt_loop *loop;
	int peer, host; /* the peer's socket; one that sends into the TUN */
	unsigned parked;
};

static void on_gone(void *ctx, int error)
{
	(void)ctx;
	fail_msg("the interface is gone: %d", error);
}

static void on_moved(void *ctx)
{
	(void)ctx;
}

static void on_parked(void *ctx)
{
	struct fixture *f = ctx;

	f->parked++;
}

static void on_closed(void *ctx)
{
	struct fixture *f = ctx;

	f->loop = NULL;
}

static int loopback_socket(struct sockaddr_in *name)
{
	socklen_t len = sizeof(*name);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	assert_int_equal(bind(s, (struct sockaddr *)name, sizeof(*name)), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)name, &len), 0);
	return s;
}

static void tunnel_open(struct fixture *f, uint16_t peer_port)
{
	const struct xt_tun_options options = {
	    .name = "park0", .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX, .offload = true};
	const struct xt_tunnel_callbacks callbacks = {0};
	const struct xt_cidr inner = {{4, {10, 9, 0, 2}}, 32};
	struct xt_udp_sockets sockets;
	struct xt_public peer = {{9}};
	struct xt_peer_change *pc;
	struct xt_change change;
	struct xt_tun *tun;
	char text[NET_TEXT];

	assert_int_equal(xt_tun_open(&tun, &options), 0);
	assert_int_equal(net_run(text, "ip addr add 10.9.0.1/24 dev park0 && "
				       "ip link set park0 up 2>&1"),
			 0);
	assert_int_equal(xt_udp_sockets_open(&sockets, 0, 0), 0);
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	memset(change.private_key.b, 7, 32);
	pc = xt_change_peer(&change, &peer);
	pc->set = XT_PEER_ENDPOINT;
	pc->endpoint = (struct xt_endpoint){.ip = {4, {127, 0, 0, 1}}, .port = peer_port};
	assert_int_equal(xt_change_allowed(pc, &inner, false), 0);
	assert_int_equal(xt_tunnel_new(&f->tunnel, tun, &callbacks), 0);
	assert_int_equal(
	    xt_tunnel_start(f->tunnel,
			    &(struct xt_tunnel_start){
				.change = &change, .sockets = &sockets, .threads = 1, .keylog = -1},
			    NULL),
	    0);
	xt_change_clear(&change);
}

static void fixture_open(struct fixture *f)
{
	const struct xt_loop_callbacks callbacks = {
	    .ctx = f, .gone = on_gone, .moved = on_moved, .parked = on_parked, .closed = on_closed};
	struct sockaddr_in name;

	memset(f, 0, sizeof(*f));
	f->peer = loopback_socket(&name);
	tunnel_open(f, ntohs(name.sin_port));
	f->host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(uv_loop_init(&f->uv), 0);
	assert_int_equal(xt_loop_start(&f->loop, &f->uv, f->tunnel, &callbacks), 0);
}

static void fixture_close(struct fixture *f)
{
	xt_loop_stop(f->loop);
	while (f->loop)
		uv_run(&f->uv, UV_RUN_ONCE);
	xt_tunnel_close(f->tunnel);
	uv_run(&f->uv, UV_RUN_NOWAIT);
	assert_int_equal(uv_loop_close(&f->uv), 0);
	close(f->peer);
	close(f->host);
}

static void packet_send(struct fixture *f)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};

	inet_pton(AF_INET, "10.9.0.2", &to.sin_addr);
	assert_int_equal(sendto(f->host, "", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
}

/* Does an initiation reach the peer within ms? */
static bool initiation_arrives(struct fixture *f, unsigned ms)
{
	uint64_t until = uv_hrtime() + ms * UINT64_C(1000000);
	char message[256];

	do {
		struct pollfd fd = {.fd = f->peer, .events = POLLIN};

		uv_run(&f->uv, UV_RUN_NOWAIT);
		if (poll(&fd, 1, 1) > 0)
			return recv(f->peer, message, sizeof(message), 0) == 148;
	} while (uv_hrtime() < until);
	return false;
}

static void a_parked_loop_leaves_packets_in_the_device_until_it_goes_on(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	assert_int_equal(xt_loop_park(f.loop), 0);
	assert_int_equal(f.parked, 1);
	packet_send(&f);
	assert_false(initiation_arrives(&f, 200));
	assert_int_not_equal(xt_loop_park(f.loop), 0);
	xt_loop_wake(f.loop);
	assert_false(initiation_arrives(&f, 50));
	xt_loop_resume(f.loop);
	assert_true(initiation_arrives(&f, 5000));
	fixture_close(&f);
}

static void timers_stand_still_while_it_is_parked(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	packet_send(&f);
	assert_true(initiation_arrives(&f, 5000));
	assert_int_equal(xt_loop_park(f.loop), 0);
	assert_false(initiation_arrives(&f, 5600)); /* the retransmission was due */
	xt_loop_resume(f.loop);
	assert_true(initiation_arrives(&f, 5000));
	fixture_close(&f);
}

static void a_parked_loop_closes(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	assert_int_equal(xt_loop_park(f.loop), 0);
	fixture_close(&f);
}

NET_TEST_MAIN(cmocka_unit_test(a_parked_loop_leaves_packets_in_the_device_until_it_goes_on),
	      cmocka_unit_test(timers_stand_still_while_it_is_parked),
	      cmocka_unit_test(a_parked_loop_closes))
