/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* The UDP sockets of Linux over loopback, in a network namespace of the test where allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/udp.h"
#include "platform/wake.h"

static bool has_netns; /* may change loopback */

static struct xt_udp *udp_new(uint16_t port, bool offload)
{
	struct xt_udp *udp = NULL;

	assert_int_equal(xt_udp_open(&udp, port, 0), 0);
	xt_udp_offload(udp, offload);
	return udp;
}

static struct xt_batch *batch_new(uint32_t cap)
{
	struct xt_batch *batch = NULL;

	assert_int_equal(xt_batch_new(&batch, cap, XT_UDP_SLAB), 0);
	return batch;
}

static struct xt_path path_to(const char *ip, uint16_t port)
{
	struct xt_path path = {0};

	assert_int_equal(xt_ip_parse(&path.remote.ip, ip), 0);
	path.remote.port = port;
	return path;
}

static void tx_add(struct xt_tx *tx, const struct xt_path *path, uint8_t ecn, size_t len,
		   uint8_t fill)
{
	static uint8_t bytes[XT_PACKET_MAX];

	memset(bytes, fill, len);
	assert_int_equal(xt_tx_copy(tx, path, ecn, bytes, len), 0);
}

static struct xt_tx *tx_new(void)
{
	struct xt_tx *tx = NULL;

	assert_int_equal(xt_tx_new(&tx, 512, 4 << 20), 0);
	return tx;
}

static void send_all(struct xt_udp *udp, struct xt_tx *tx)
{
	uint32_t next = 0;

	assert_int_equal(udp->ops->send(udp, tx, &next), 0);
	assert_int_equal(next, tx->n_runs);
}

static void send_one(struct xt_udp *udp, const struct xt_path *path, uint8_t ecn, size_t len)
{
	struct xt_tx *tx = tx_new();

	tx_add(tx, path, ecn, len, 0x5a);
	send_all(udp, tx);
	xt_tx_free(tx);
}

/* False after half a second of silence. */
static bool readable(const struct xt_udp *udp)
{
	struct pollfd fds[2] = {{.fd = udp->fd[0], .events = POLLIN},
				{.fd = udp->fd[1], .events = POLLIN}};

	return udp->pending || poll(fds, 2, 500) > 0;
}

/* Wait for at least want datagrams on the batch, or half a second of silence. */
static void recv_some(struct xt_udp *udp, struct xt_batch *batch, uint32_t want)
{
	while (batch->n < want) {
		if (!readable(udp))
			break;
		if (udp->ops->recv(udp, batch, SIZE_MAX) == 0 && udp->pending)
			break;
	}
}

/* The DS field of a datagram that arrives at fd. */
static int tos_read(int fd)
{
	union {
		struct cmsghdr head;
		char bytes[64];
	} control;
	char bytes[64];
	struct iovec vec = {bytes, sizeof(bytes)};
	struct msghdr msg = {.msg_iov = &vec,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	int tos = 0;

	assert_int_equal(recvmsg(fd, &msg, 0), 40);
	assert_non_null(CMSG_FIRSTHDR(&msg));
	if (control.head.cmsg_level == IPPROTO_IPV6)
		memcpy(&tos, CMSG_DATA(&control.head), sizeof(tos));
	else
		tos = *(uint8_t *)CMSG_DATA(&control.head);
	return tos;
}

static void the_whole_ds_field_is_sent(void **state)
{
	struct xt_udp *a = udp_new(0, true);
	struct sockaddr_in6 at = {.sin6_family = AF_INET6};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, off = 0;
	struct xt_path path;

	(void)state;
	assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), 0);
	path = path_to("127.0.0.1", ntohs(at.sin6_port));
	send_one(a, &path, 0x88, 40);
	assert_int_equal(tos_read(fd), 0x88);
	path = path_to("::1", ntohs(at.sin6_port));
	send_one(a, &path, 0x8a, 40);
	assert_int_equal(tos_read(fd), 0x8a);
	close(fd);
	a->ops->close(a);
}

static void datagrams_pass(const char *ip)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(XT_UDP_BATCH);
	struct xt_path path = path_to(ip, b->port);

	for (uint8_t ecn = 0; ecn < 4; ecn++)
		send_one(a, &path, ecn, 100u + ecn);
	recv_some(b, batch, 4);
	assert_int_equal(batch->n, 4);
	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		const struct xt_pkt *pkt = &batch->pkts[ecn];

		assert_int_equal(pkt->ecn, ecn);
		assert_int_equal(pkt->len, 100 + ecn);
		assert_int_equal(pkt->data[99], 0x5a);
		assert_int_equal(pkt->from->remote.port, a->port);
		assert_true(xt_ip_equal(&pkt->from->remote.ip, &path.remote.ip));
		assert_true(xt_ip_equal(&pkt->from->local, &path.remote.ip));
		assert_int_equal(pkt->from->ifindex, if_nametoindex("lo"));
	}
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void datagrams_carry_their_path_and_ecn_over_ipv4(void **state)
{
	(void)state;
	datagrams_pass("127.0.0.1");
}

static void datagrams_carry_their_path_and_ecn_over_ipv6(void **state)
{
	struct xt_udp *udp = udp_new(0, true);
	bool there = udp->fd[1] >= 0;

	(void)state;
	udp->ops->close(udp);
	if (!there)
		skip();
	datagrams_pass("::1");
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	return xt_be16_get((uint8_t *)&name + 2); /* at the same offset in both families */
}

static void both_families_share_one_port(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct xt_udp *udp = udp_new(0, true);

		assert_int_not_equal(udp->port, 0);
		for (int f = 0; f < 2; f++)
			if (udp->fd[f] >= 0)
				assert_int_equal(port_of(udp->fd[f]), udp->port);
		udp->ops->close(udp);
	}
}

/* Move udp to other sockets, as a change of the listening port does. */
static int udp_move(struct xt_udp *udp, uint16_t port, uint32_t mark)
{
	struct xt_udp_sockets sockets;
	int rc = xt_udp_sockets_open(&sockets, port, mark);

	if (rc < 0)
		return rc;
	xt_udp_move(udp, &sockets);
	return 0;
}

static void a_port_in_use_is_refused_and_the_old_one_stays(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true), *c = NULL;
	uint16_t old = b->port;
	struct xt_path path = path_to("127.0.0.1", old);
	struct xt_batch *batch = batch_new(8);

	(void)state;
	assert_int_equal(xt_udp_open(&c, a->port, 0), -EADDRINUSE);
	assert_int_equal(udp_move(b, a->port, 0), -EADDRINUSE);
	assert_int_equal(b->port, old);
	send_one(a, &path, 0, 10);
	recv_some(b, batch, 1);
	assert_int_equal(batch->n, 1);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

/* Peers that have not heard of the new port send to the old one; what came there is marked. */
static void the_old_port_is_read_until_it_is_dropped(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	uint16_t old = b->port;
	struct xt_path to_old = path_to("127.0.0.1", old), to_new;
	struct xt_udp_sockets kept;
	struct xt_batch *batch = batch_new(8);

	(void)state;
	assert_false(xt_udp_kept(b, old, &kept));
	assert_int_equal(udp_move(b, 0, 0), 0);
	assert_int_not_equal(b->port, old);
	assert_true(xt_udp_kept(b, old, &kept));
	xt_udp_sockets_close(&kept);
	send_one(a, &to_old, 0, 10);
	b->ops->recv(b, batch, SIZE_MAX); /* on the loopback device it is there at once */
	assert_int_equal(batch->n, 1);
	assert_true(batch->pkts[0].from->old_port);
	xt_batch_reset(batch);
	to_new = path_to("127.0.0.1", b->port);
	send_one(a, &to_new, 0, 10);
	recv_some(b, batch, 1);
	assert_false(batch->pkts[0].from->old_port);
	assert_true(xt_udp_kept(b, old, &kept));
	xt_udp_move(b, &kept); /* back again: the two change places */
	assert_int_equal(b->port, old);
	xt_batch_reset(batch);
	send_one(a, &to_old, 0, 10);
	recv_some(b, batch, 1);
	assert_false(batch->pkts[0].from->old_port);
	xt_udp_drop_old(b);
	assert_false(xt_udp_kept(b, to_new.remote.port, &kept));
	assert_int_equal(udp_move(a, to_new.remote.port, 0), 0);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void a_port_taken_in_ipv6_alone_is_refused_too(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = NULL;
	uint16_t port = a->port;

	(void)state;
	if (a->fd[1] < 0) {
		a->ops->close(a);
		skip();
	}
	close(a->fd[0]);
	a->fd[0] = -1;
	assert_int_equal(xt_udp_open(&b, port, 0), -EADDRINUSE);
	a->ops->close(a);
}

static void a_watched_socket_is_reported_until_it_is_read(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_path path = path_to("127.0.0.1", b->port);
	struct xt_batch *batch = batch_new(8);
	struct xt_wake_event event;
	struct xt_wake *wake;

	(void)state;
	assert_int_equal(xt_wake_new(&wake), 0);
	assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_READ, batch), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 0);
	send_one(a, &path, 0, 10);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
		assert_ptr_equal(event.ctx, batch);
		assert_int_equal(event.events, XT_WAKE_READ);
	}
	assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_WRITE, wake), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
	assert_ptr_equal(event.ctx, wake);
	assert_int_equal(event.events, XT_WAKE_WRITE);
	assert_int_equal(b->ops->watch(b, 0, wake, 0, NULL), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 0);
	assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_READ, b), 0);
	recv_some(b, batch, 1);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 0);
	xt_wake_free(wake);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void other_sockets_serve_both_families_and_the_mark_changes_alone(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(8);
	struct xt_path path;
	uint32_t mark = 0;
	socklen_t len = sizeof(mark);
	int fd, rc;

	(void)state;
	assert_int_equal(udp_move(b, 0, 0), 0);
	path = path_to("127.0.0.1", b->port);
	send_one(a, &path, 0, 10);
	recv_some(b, batch, 1);
	assert_int_equal(batch->n, 1);
	fd = b->fd[0];
	rc = xt_udp_sockets_mark(b->fd, 0x1234, 0);
	if (rc != -EPERM) {
		assert_int_equal(rc, 0);
		assert_int_equal(b->fd[0], fd);
		assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &len), 0);
		assert_int_equal(mark, 0x1234);
		assert_int_equal(udp_move(b, 0, 0x77), 0);
		assert_int_equal(getsockopt(b->fd[0], SOL_SOCKET, SO_MARK, &mark, &len), 0);
		assert_int_equal(mark, 0x77);
	}
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void an_answer_leaves_from_the_address_that_was_addressed(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(8);
	struct xt_path path = path_to("127.0.0.5", b->port), back;

	(void)state;
	send_one(a, &path, 0, 10);
	recv_some(b, batch, 1);
	assert_int_equal(batch->n, 1);
	back = *batch->pkts[0].from;
	xt_batch_reset(batch);
	send_one(b, &back, 0, 10);
	recv_some(a, batch, 1);
	assert_int_equal(batch->n, 1);
	assert_true(xt_ip_equal(&batch->pkts[0].from->remote.ip, &path.remote.ip));
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void a_link_local_address_is_answered_on_its_interface(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(8);
	struct xt_path path = path_to("fe80::7", b->port), back;

	(void)state;
	if (!has_netns || b->fd[1] < 0 || system("ip addr add fe80::7/64 dev lo nodad") != 0) {
		print_message("skipped: no network namespace, no IPv6 or no ip(8)\n");
		a->ops->close(a);
		b->ops->close(b);
		xt_batch_free(batch);
		skip();
	}
	path.remote.scope = if_nametoindex("lo");
	/* The address becomes usable a moment after it was added. */
	for (int i = 0; i < 20 && !batch->n; i++) {
		send_one(a, &path, 0, 10);
		recv_some(b, batch, 1);
	}
	assert_int_equal(batch->n, 1);
	back = *batch->pkts[0].from;
	assert_int_equal(back.remote.scope, path.remote.scope);
	assert_true(xt_ip_is_link_local(&back.local));
	xt_batch_reset(batch);
	send_one(b, &back, 0, 10);
	back.remote = path_to("::1", a->port).remote; /* a peer that is not on the link */
	send_one(b, &back, 0, 11);
	recv_some(a, batch, 2);
	assert_int_equal(batch->n, 2);
	assert_true(xt_ip_equal(&batch->pkts[0].from->remote.ip, &path.remote.ip));
	assert_true(xt_ip_equal(&batch->pkts[1].from->remote.ip, &path.remote.ip));
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void a_source_is_dropped_when_gone(const char *to, const char *source)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(16);
	struct xt_path path = path_to(to, b->port);
	struct xt_tx *tx = tx_new();

	assert_int_equal(xt_ip_parse(&path.local, source), 0);
	for (uint8_t i = 0; i < 5; i++)
		tx_add(tx, &path, 2, 200, i);
	send_all(a, tx);
	assert_true(tx->runs[0].unstuck);
	assert_int_equal(a->refused, 0);
	recv_some(b, batch, 5);
	assert_int_equal(batch->n, 5);
	assert_true(xt_ip_equal(&batch->pkts[0].from->remote.ip, &path.remote.ip));
	assert_int_equal(batch->pkts[4].data[0], 4);
	assert_int_equal(batch->pkts[4].ecn, 2);
	xt_tx_free(tx);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void a_source_that_is_gone_is_left_out_and_the_run_marked(void **state)
{
	struct xt_udp *udp = udp_new(0, true);
	bool v6 = udp->fd[1] >= 0;

	(void)state;
	udp->ops->close(udp);
	a_source_is_dropped_when_gone("127.0.0.1", "198.18.3.3");
	if (v6)
		a_source_is_dropped_when_gone("::1", "fd07:99::3");
}

static void a_refused_port_and_an_unreachable_net_stop_nothing(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true), *gone = udp_new(0, true);
	struct xt_batch *batch = batch_new(16);
	struct xt_path closed = path_to("127.0.0.1", gone->port);
	struct xt_path open = path_to("127.0.0.1", b->port);
	struct xt_path nowhere = path_to("240.0.0.1", 9);
	struct xt_tx *tx = tx_new();

	(void)state;
	gone->ops->close(gone);
	for (int i = 0; i < 3; i++) {
		tx_add(tx, &closed, 0, 50, 1);
		tx_add(tx, &nowhere, 0, 50, 1);
		tx_add(tx, &open, 0, 50, 1);
	}
	send_all(a, tx);
	if (has_netns) /* elsewhere a default route may match every address */
		assert_true(a->refused >= 3);
	recv_some(b, batch, 3);
	assert_int_equal(batch->n, 3);
	xt_batch_reset(batch);
	assert_int_equal(a->ops->recv(a, batch, SIZE_MAX), 0);
	assert_int_equal(batch->n, 0);
	xt_tx_free(tx);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

/* A run that leaves as one super-packet arrives over loopback as one too. Linux before 5.12 cuts it
 * on the way: loopback does not claim UDP_L4 segmentation there. */
static bool loopback_keeps_runs(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(name);
	int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 100, on = 1;
	char bytes[400] = "";
	ssize_t got;

	assert_int_equal(bind(to, (struct sockaddr *)&name, len), 0);
	assert_int_equal(getsockname(to, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(setsockopt(to, SOL_UDP, UDP_GRO, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(from, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	assert_int_equal(sendto(from, bytes, 400, 0, (struct sockaddr *)&name, len), 400);
	got = recv(to, bytes, sizeof(bytes), 0);
	assert_true(got == 100 || got == 400);
	close(from);
	close(to);
	return got == 400;
}

/* 40 datagrams, the last one short, and then one of another size. */
static void run_passes(const char *ip, bool send_offload, bool recv_offload)
{
	struct xt_udp *a = udp_new(0, send_offload), *b = udp_new(0, recv_offload);
	struct xt_batch *batch = batch_new(XT_UDP_BATCH);
	struct xt_path path = path_to(ip, b->port);
	struct xt_tx *tx = tx_new();

	for (uint8_t i = 0; i < 40; i++)
		tx_add(tx, &path, 1, i == 39 ? 700 : 1300, i);
	tx_add(tx, &path, 1, 1400, 99);
	send_all(a, tx);
	assert_int_equal(a->refused, 0);
	assert_int_equal(a->fallbacks, 0);
	recv_some(b, batch, 41);
	assert_int_equal(batch->n, 41);
	for (uint8_t i = 0; i < 41; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];

		assert_int_equal(pkt->len, i == 40 ? 1400 : i == 39 ? 700 : 1300);
		assert_int_equal(pkt->data[0], i == 40 ? 99 : i);
		assert_int_equal(pkt->data[pkt->len - 1], i == 40 ? 99 : i);
		assert_int_equal(pkt->ecn, 1);
		assert_int_equal(pkt->from->remote.port, a->port);
	}
	if (a->gso && b->gro) /* received by two reads, where loopback allows that */
		assert_int_equal(batch->n_paths, loopback_keeps_runs() ? 2 : 41);
	xt_tx_free(tx);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void a_run_arrives_whole_and_in_order_with_and_without_offload(void **state)
{
	struct xt_udp *udp = udp_new(0, true);
	bool v6 = udp->fd[1] >= 0;

	(void)state;
	udp->ops->close(udp);
	for (int i = 0; i < 4; i++) {
		run_passes("127.0.0.1", i & 1, i & 2);
		if (v6)
			run_passes("::1", i & 1, i & 2);
	}
}

static void loopback_mtu(int mtu)
{
	struct ifreq ifr = {.ifr_name = "lo"};
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	ifr.ifr_mtu = mtu;
	assert_int_equal(ioctl(s, SIOCSIFMTU, &ifr), 0);
	close(s);
}

static void datagrams_larger_than_the_mtu_are_sent_one_by_one_in_fragments(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(XT_UDP_BATCH);
	struct xt_path path = path_to("127.0.0.1", b->port);
	struct xt_tx *tx = tx_new();
	bool gso = a->gso;

	(void)state;
	if (!has_netns) {
		print_message("skipped: no network namespace to change loopback in\n");
		xt_tx_free(tx);
		xt_batch_free(batch);
		a->ops->close(a);
		b->ops->close(b);
		skip();
	}
	loopback_mtu(1400);
	for (uint8_t i = 0; i < 10; i++)
		tx_add(tx, &path, 0, 2000, i);
	send_all(a, tx);
	loopback_mtu(65536);
	assert_int_equal(a->refused, 0);
	assert_int_equal(a->fallbacks, gso ? 1 : 0);
	assert_int_equal(a->gso, gso); /* the MTU of one path must not switch offload off */
	recv_some(b, batch, 10);
	assert_int_equal(batch->n, 10);
	for (uint8_t i = 0; i < 10; i++)
		assert_int_equal(batch->pkts[i].data[1999], i);
	xt_tx_free(tx);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void what_a_full_batch_cannot_hold_comes_with_the_next(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(16);
	struct xt_path path = path_to("127.0.0.1", b->port);
	struct xt_tx *tx = tx_new();
	uint8_t seen = 0;

	(void)state;
	for (uint8_t i = 0; i < 100; i++)
		tx_add(tx, &path, 0, 600, i);
	send_all(a, tx);
	while (seen < 100) {
		xt_batch_reset(batch);
		recv_some(b, batch, 1);
		assert_int_not_equal(batch->n, 0);
		for (uint32_t i = 0; i < batch->n; i++) {
			assert_int_equal(batch->pkts[i].len, 600);
			assert_int_equal(batch->pkts[i].data[599], seen);
			seen++;
		}
	}
	assert_false(b->pending);
	xt_batch_reset(batch);
	assert_int_equal(b->ops->recv(b, batch, SIZE_MAX), 0);
	xt_tx_free(tx);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

/* The last read may exceed the budget: the kernel is given a number of reads. */
static void recv_reads_up_to_its_budget_and_leaves_the_rest(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(XT_UDP_BATCH);
	struct xt_path path = path_to("127.0.0.1", b->port);
	struct xt_tx *tx = tx_new();

	(void)state;
	/* from the first burst recv learns the size of a read */
	for (size_t burst = 0, budget = SIZE_MAX; burst < 2; burst++, budget = 1200) {
		uint32_t seen = 0;

		xt_tx_reset(tx);
		for (uint8_t i = 0; i < 240; i++)
			tx_add(tx, &path, 0, 1200, i);
		send_all(a, tx);
		while (seen < 240 && readable(b)) {
			xt_batch_reset(batch);
			assert_int_not_equal(b->ops->recv(b, batch, budget), 0);
			if (budget == 1200)
				assert_in_range(batch->n, 1, XT_RUN_MAX);
			seen += batch->n;
		}
		assert_int_equal(seen, 240);
	}
	xt_tx_free(tx);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void the_largest_and_the_empty_datagram_arrive(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(8);
	struct xt_path path = path_to("127.0.0.1", b->port);
	struct xt_tx *tx = tx_new();

	(void)state;
	send_one(a, &path, 0, 65507);
	tx_add(tx, &path, 0, 1, 0);
	tx->vecs[0].len = tx->runs[0].seg = tx->runs[0].bytes = 0;
	send_all(a, tx);
	xt_tx_reset(tx);
	tx_add(tx, &path, 0, 65507, 0x5a);
	tx->vecs[0].len = tx->runs[0].seg = tx->runs[0].bytes = 65508; /* IPv4 cannot carry it */
	send_all(a, tx);
	xt_tx_free(tx);
	assert_int_equal(a->refused, 1);
	recv_some(b, batch, 2);
	assert_int_equal(batch->n, 2);
	assert_int_equal(batch->pkts[0].len, 65507);
	assert_int_equal(batch->pkts[0].data[65506], 0x5a);
	assert_int_equal(batch->pkts[1].len, 0);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void the_environment_can_switch_offload_off(void **state)
{
	struct xt_udp *udp = NULL;

	(void)state;
	setenv("XT_OFFLOAD", "off", 1);
	assert_int_equal(xt_udp_open(&udp, 0, 0), 0);
	unsetenv("XT_OFFLOAD");
	assert_false(udp->gso);
	assert_false(udp->gro);
	udp->ops->close(udp);
}

static unsigned seed_get(void)
{
	const char *text = getenv("XT_SEED");
	unsigned seed = text ? (unsigned)strtoul(text, NULL, 0) : (unsigned)time(NULL);

	print_message("XT_SEED=%u\n", seed);
	return seed;
}

/* Runs of equal lengths, as in real traffic; one family a round. */
static void random_datagrams_arrive_unaltered_and_in_order(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_batch *batch = batch_new(64);
	unsigned seed = seed_get();

	(void)state;
	for (int round = 0; round < 200; round++) {
		bool v6 = b->fd[1] >= 0 && rand_r(&seed) % 2;
		struct xt_path path = path_to(v6 ? "::1" : "127.0.0.1", b->port);
		struct xt_tx *tx = tx_new();
		uint16_t lens[128];
		uint32_t n = 0, total = (uint32_t)rand_r(&seed) % 127 + 1, seen = 0;

		xt_udp_offload(a, rand_r(&seed) % 2);
		xt_udp_offload(b, rand_r(&seed) % 2);
		while (n < total) {
			uint16_t len = (uint16_t)(rand_r(&seed) % 1500 + 1);
			uint32_t same = (uint32_t)rand_r(&seed) % 90 + 1;

			for (; same > 0 && n < total; same--, n++) {
				lens[n] = len;
				tx_add(tx, &path, 0, len, (uint8_t)n);
			}
		}
		send_all(a, tx);
		while (seen < total) {
			xt_batch_reset(batch);
			recv_some(b, batch, 1);
			assert_int_not_equal(batch->n, 0);
			for (uint32_t i = 0; i < batch->n; i++, seen++) {
				const struct xt_pkt *pkt = &batch->pkts[i];

				assert_int_equal(pkt->len, lens[seen]);
				assert_int_equal(pkt->data[0], (uint8_t)seen);
				assert_int_equal(pkt->data[pkt->len - 1], (uint8_t)seen);
			}
		}
		xt_tx_free(tx);
	}
	assert_int_equal(a->refused, 0);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

static void what_the_queue_has_no_room_for_is_counted_beyond_a_swap(void **state)
{
	struct xt_udp *a = udp_new(0, true), *b = udp_new(0, true);
	struct xt_path path = path_to("127.0.0.1", b->port);
	uint64_t lost;
	int least = 1;

	(void)state;
	assert_in_range(b->queue, 1, XT_UDP_QUEUE);
	assert_int_equal(setsockopt(b->fd[0], SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0);
	assert_int_equal(b->ops->overruns(b), 0);
	for (int i = 0; i < 20; i++)
		send_one(a, &path, 0, 1000);
	lost = b->ops->overruns(b);
	assert_in_range(lost, 10, 19);
	assert_int_equal(udp_move(b, 0, 0), 0);
	assert_int_equal(b->ops->overruns(b), lost);
	a->ops->close(a);
	b->ops->close(b);
}

static long memory_pages; /* what the system says that it has; 0: the truth */

long __real_sysconf(int name);
long __wrap_sysconf(int name);
long __wrap_sysconf(int name)
{
	return name == _SC_PHYS_PAGES && memory_pages ? memory_pages : __real_sysconf(name);
}

static int send_buffer(void)
{
	struct xt_udp *udp = udp_new(0, false);
	socklen_t len = sizeof(int);
	int bytes = 0;

	assert_int_equal(getsockopt(udp->fd[0], SOL_SOCKET, SO_SNDBUF, &bytes, &len), 0);
	udp->ops->close(udp);
	return bytes;
}

/* A 32-bit program has a long that is too short for their bytes. */
static void a_host_with_much_memory_has_the_send_buffer_of_others(void **state)
{
	static const unsigned gib[] = {31, 32, 62, 64, 250};
	int usual;

	(void)state;
	memory_pages = (4l << 20) / (__real_sysconf(_SC_PAGESIZE) >> 10); /* 4 GiB */
	usual = send_buffer();
	for (size_t i = 0; i < XT_LEN(gib); i++) {
		memory_pages = (long)(gib[i] << 20) / (__real_sysconf(_SC_PAGESIZE) >> 10);
		assert_int_equal(send_buffer(), usual);
	}
	memory_pages = 0;
}

static void loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	has_netns = ioctl(s, SIOCSIFFLAGS, &ifr) == 0;
	close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_whole_ds_field_is_sent),
	    cmocka_unit_test(datagrams_carry_their_path_and_ecn_over_ipv4),
	    cmocka_unit_test(datagrams_carry_their_path_and_ecn_over_ipv6),
	    cmocka_unit_test(both_families_share_one_port),
	    cmocka_unit_test(a_port_in_use_is_refused_and_the_old_one_stays),
	    cmocka_unit_test(the_old_port_is_read_until_it_is_dropped),
	    cmocka_unit_test(a_port_taken_in_ipv6_alone_is_refused_too),
	    cmocka_unit_test(a_watched_socket_is_reported_until_it_is_read),
	    cmocka_unit_test(other_sockets_serve_both_families_and_the_mark_changes_alone),
	    cmocka_unit_test(an_answer_leaves_from_the_address_that_was_addressed),
	    cmocka_unit_test(a_link_local_address_is_answered_on_its_interface),
	    cmocka_unit_test(a_source_that_is_gone_is_left_out_and_the_run_marked),
	    cmocka_unit_test(a_refused_port_and_an_unreachable_net_stop_nothing),
	    cmocka_unit_test(a_run_arrives_whole_and_in_order_with_and_without_offload),
	    cmocka_unit_test(datagrams_larger_than_the_mtu_are_sent_one_by_one_in_fragments),
	    cmocka_unit_test(what_a_full_batch_cannot_hold_comes_with_the_next),
	    cmocka_unit_test(recv_reads_up_to_its_budget_and_leaves_the_rest),
	    cmocka_unit_test(the_largest_and_the_empty_datagram_arrive),
	    cmocka_unit_test(what_the_queue_has_no_room_for_is_counted_beyond_a_swap),
	    cmocka_unit_test(a_host_with_much_memory_has_the_send_buffer_of_others),
	    cmocka_unit_test(the_environment_can_switch_offload_off),
	    cmocka_unit_test(random_datagrams_arrive_unaltered_and_in_order),
	};

	if (unshare(CLONE_NEWNET) == 0)
		loopback_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
