/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* The messages of Windows' UDP sockets, by stand-ins of WSARecvMsg and WSASendMsg: segmentation and
 * coalescing, which not every Windows has, control messages, and what is tried after a refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "net_fake.h"
#include "platform/windows/udp_windows.h"
#include "test_main.h"

#define SENT 64

/* One message as it was sent. seg, ecn, link: of its control messages, 0: none */
struct sent {
	uint32_t n, bytes, seg, link;
	int ecn;
	struct xt_ip local;
};

static struct xt_udp *udp;
static struct udp_windows *sock;
static struct xt_batch *batch;
static struct xt_tx *tx;

/* refuse  the error of the next refusals messages that pass judge
 * read    bytes of the next read, in datagrams of seg bytes; 0: none */
static struct {
	struct sent v[SENT];
	unsigned n, refusals;
	int refuse;
	bool (*judge)(const struct sent *sent);
	uint32_t read, seg;
} socket_seen;

static bool is_run(const struct sent *sent)
{
	return sent->n > 1;
}

static bool has_ecn(const struct sent *sent)
{
	return sent->ecn != 0;
}

static bool is_any(const struct sent *sent)
{
	(void)sent;
	return true;
}

static void control_read(struct sent *out, const WSAMSG *msg)
{
	size_t at = 0;

	while (msg->Control.buf && at + sizeof(WSACMSGHDR) <= msg->Control.len) {
		const uint8_t *data = (const uint8_t *)msg->Control.buf + at + UDP_CONTROL_HEAD;
		WSACMSGHDR head;
		DWORD number;

		memcpy(&head, msg->Control.buf + at, sizeof(head));
		memcpy(&number, data, sizeof(number));
		if (head.cmsg_level == IPPROTO_UDP && head.cmsg_type == UDP_OPT_SEND_SIZE) {
			out->seg = number;
		} else if (head.cmsg_level == IPPROTO_IP && head.cmsg_type == IP_OPT_ECN) {
			out->ecn = (int)number;
		} else if (head.cmsg_level == IPPROTO_IP && head.cmsg_type == IP_PKTINFO) {
			IN_PKTINFO info;

			memcpy(&info, data, sizeof(info));
			out->link = info.ipi_ifindex;
			out->local.family = 4;
			memcpy(out->local.b, &info.ipi_addr, 4);
		} else {
			fail_msg("an unknown control message: %d %d", head.cmsg_level,
				 head.cmsg_type);
		}
		at += UDP_CONTROL_ALIGN(head.cmsg_len);
	}
}

static INT PASCAL message_send(SOCKET s, WSAMSG *msg, DWORD flags, DWORD *sent,
			       WSAOVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE done)
{
	struct sent out = {.n = msg->dwBufferCount};

	(void)s;
	(void)flags;
	(void)overlapped;
	(void)done;
	for (DWORD i = 0; i < msg->dwBufferCount; i++)
		out.bytes += msg->lpBuffers[i].len;
	control_read(&out, msg);
	assert_true(socket_seen.n < SENT);
	socket_seen.v[socket_seen.n++] = out;
	*sent = out.bytes;
	if (socket_seen.refusals > 0 && socket_seen.judge(&out)) {
		socket_seen.refusals--;
		WSASetLastError(socket_seen.refuse);
		return SOCKET_ERROR;
	}
	return 0;
}

static INT PASCAL message_recv(SOCKET s, WSAMSG *msg, DWORD *len, WSAOVERLAPPED *overlapped,
			       LPWSAOVERLAPPED_COMPLETION_ROUTINE done)
{
	const WSACMSGHDR head = {UDP_CONTROL_HEAD + sizeof(DWORD), IPPROTO_UDP, UDP_OPT_RECV_SIZE};
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(7)};

	(void)s;
	(void)overlapped;
	(void)done;
	if (socket_seen.read == 0) {
		WSASetLastError(WSAEWOULDBLOCK);
		return SOCKET_ERROR;
	}
	for (uint32_t i = 0; i < socket_seen.read; i++)
		msg->lpBuffers[0].buf[i] = (char)(i / socket_seen.seg);
	*len = socket_seen.read;
	socket_seen.read = 0;
	memcpy(msg->name, &from, sizeof(from));
	memcpy(msg->Control.buf, &head, sizeof(head));
	memcpy(msg->Control.buf + UDP_CONTROL_HEAD, &socket_seen.seg, sizeof(DWORD));
	msg->Control.len = (ULONG)(UDP_CONTROL_HEAD + UDP_CONTROL_ALIGN(sizeof(DWORD)));
	return 0;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&socket_seen, 0, sizeof(socket_seen));
	socket_seen.judge = is_any;
	if (xt_udp_open(&udp, 0, 0) < 0 || xt_tx_new(&tx, 256, 65536) < 0 ||
	    xt_batch_new(&batch, 8, XT_UDP_SLAB) < 0)
		return -1;
	sock = XT_CONTAINER(udp, struct udp_windows, udp);
	sock->sendmsg = message_send;
	sock->recvmsg = message_recv;
	udp->gso = udp->gro = true;
	udp->avoid = FAKE_TUNNEL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	udp->ops->close(udp);
	xt_batch_free(batch);
	xt_tx_free(tx);
	xt_net_replace(NULL);
	return 0;
}

/* n datagrams of 1000 bytes, the last one of 10. */
static void run_add(uint32_t n, uint8_t tos, const char *local)
{
	static const uint8_t bytes[1000];
	struct xt_path path;

	memset(&path, 0, sizeof(path));
	path.remote.ip = fake_cidr("198.51.100.1").ip;
	path.remote.port = 9;
	if (local)
		path.local = fake_cidr(local).ip;
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(xt_tx_copy(tx, &path, tos, bytes, i + 1 < n || n == 1 ? 1000 : 10),
				 0);
}

static int send_all(void)
{
	uint32_t next = 0;
	int rc = udp->ops->send(udp, tx, &next);

	assert_int_equal(next, rc == 0 ? tx->n_runs : 0);
	return rc;
}

static void a_run_is_one_message(void **state)
{
	(void)state;
	run_add(20, 0, NULL);
	run_add(1, 2, NULL);
	assert_int_equal(send_all(), 0);
	assert_int_equal(socket_seen.n, 2);
	assert_int_equal(socket_seen.v[0].n, 20);
	assert_int_equal(socket_seen.v[0].bytes, 19010);
	assert_int_equal(socket_seen.v[0].seg, 1000);
	assert_int_equal(socket_seen.v[0].local.family, 0);
	assert_int_equal(socket_seen.v[1].seg, 0);
	assert_int_equal(socket_seen.v[1].ecn, 2);
}

static void a_host_without_segmentation_gets_single_datagrams(void **state)
{
	(void)state;
	socket_seen.refuse = WSAEOPNOTSUPP;
	socket_seen.refusals = 1;
	socket_seen.judge = is_run;
	run_add(20, 0, NULL);
	assert_int_equal(send_all(), 0);
	assert_int_equal(socket_seen.n, 21);
	assert_int_equal(socket_seen.v[20].bytes, 10);
	assert_false(udp->gso);
	assert_int_equal(udp->fallbacks, 1);
	assert_int_equal(udp->refused, 0);
}

static void a_run_too_large_for_the_link_is_sent_singly(void **state)
{
	(void)state;
	socket_seen.refuse = WSAEMSGSIZE;
	socket_seen.refusals = 1;
	socket_seen.judge = is_run;
	run_add(5, 0, NULL);
	assert_int_equal(send_all(), 0);
	assert_int_equal(socket_seen.n, 6);
	assert_true(udp->gso);
	assert_int_equal(udp->n_too_big, 1);
}

static void ecn_that_is_refused_is_left_out_from_then_on(void **state)
{
	(void)state;
	socket_seen.refuse = WSAEINVAL;
	socket_seen.refusals = 9;
	socket_seen.judge = has_ecn;
	run_add(1, 1, NULL);
	run_add(1, 0, NULL);
	run_add(1, 3, NULL);
	assert_int_equal(send_all(), 0);
	assert_int_equal(socket_seen.n, 4);
	assert_int_equal(socket_seen.v[0].ecn, 1);
	assert_int_equal(socket_seen.v[1].ecn, 0);
	assert_int_equal(socket_seen.v[3].ecn, 0);
	assert_int_equal(udp->refused, 0);
}

static void a_full_socket_keeps_the_rest_of_a_run(void **state)
{
	(void)state;
	udp->gso = false;
	run_add(5, 0, NULL);
	socket_seen.refuse = WSAEWOULDBLOCK;
	socket_seen.refusals = 0;
	assert_int_equal(send_all(), 0);
	xt_tx_reset(tx);
	run_add(5, 0, NULL);
	socket_seen.refusals = 1;
	assert_int_equal(send_all(), -EAGAIN);
	assert_int_equal(tx->runs[0].n, 5);
	assert_int_equal(send_all(), 0);
	assert_int_equal(socket_seen.n, 5 + 1 + 5);
}

static void a_source_that_is_refused_is_left_out(void **state)
{
	(void)state;
	socket_seen.refuse = WSAEADDRNOTAVAIL;
	socket_seen.refusals = 1;
	run_add(1, 0, "192.168.1.20");
	assert_int_equal(send_all(), 0);
	assert_int_equal(socket_seen.n, 2);
	assert_int_equal(socket_seen.v[0].link, FAKE_ETHERNET);
	assert_memory_equal(socket_seen.v[0].local.b, fake_cidr("192.168.1.20").ip.b, 4);
	assert_int_equal(socket_seen.v[1].link, 0);
	assert_true(tx->runs[0].unstuck);
	/* and once more, without any source: refused */
	xt_tx_reset(tx);
	socket_seen.refusals = 2;
	run_add(1, 0, "192.168.1.20");
	assert_int_equal(send_all(), 0);
	assert_int_equal(udp->refused, 1);
	assert_int_equal(udp->notes[0].error, EADDRNOTAVAIL);
}

static void datagrams_name_their_link_when_the_tunnel_would_catch_them(void **state)
{
	(void)state;
	fake_route_put("0.0.0.0/0", NULL, FAKE_TUNNEL, 0);
	fake.interfaces[2].v[0].metric = 0;
	udp->ops->routes_expire(udp);
	run_add(1, 0, NULL);
	run_add(1, 0, "10.20.0.7");
	assert_int_equal(send_all(), 0);
	assert_int_equal(socket_seen.v[0].link, FAKE_ETHERNET);
	assert_true(xt_ip_is_unspecified(&socket_seen.v[0].local));
	/* the pin is an address of another link */
	assert_int_equal(socket_seen.v[1].link, FAKE_ETHERNET);
	assert_true(xt_ip_is_unspecified(&socket_seen.v[1].local));
	assert_true(tx->runs[1].unstuck);
}

/* The socket is pinned to Ethernet, and the endpoint is a host of the other link. */
static void datagrams_name_their_link_when_it_is_not_that_of_the_default_route(void **state)
{
	static const uint8_t bytes[100];
	struct xt_path path;

	(void)state;
	fake_route_put("0.0.0.0/0", NULL, FAKE_TUNNEL, 0);
	fake.interfaces[2].v[0].metric = 0;
	udp->ops->routes_expire(udp);
	sock->judge = false; /* as wine cannot pin to an interface that it does not have */
	sock->pinned[0] = FAKE_ETHERNET;
	memset(&path, 0, sizeof(path));
	path.remote.ip = fake_cidr("10.20.0.9").ip;
	path.remote.port = 9;
	assert_int_equal(xt_tx_copy(tx, &path, 0, bytes, sizeof(bytes)), 0);
	assert_int_equal(send_all(), 0);
	assert_int_equal(socket_seen.v[0].link, FAKE_WLAN);
	assert_true(xt_ip_is_unspecified(&socket_seen.v[0].local));
}

static void a_probe_that_is_too_large_is_dropped_without_notice(void **state)
{
	static uint8_t bytes[1500];
	struct xt_path path;

	(void)state;
	memset(&path, 0, sizeof(path));
	path.remote.ip = fake_cidr("198.51.100.1").ip;
	path.remote.port = 9;
	assert_int_equal(xt_tx_view_whole(tx, &path, bytes, sizeof(bytes)), 0);
	socket_seen.refuse = WSAEMSGSIZE;
	socket_seen.refusals = 1;
	assert_int_equal(send_all(), 0);
	assert_int_equal(udp->refused, 0);
	assert_int_equal(udp->n_notes, 0);
}

/* Twenty datagrams in one read, and a batch of eight. */
static void a_coalesced_read_is_handed_on_in_order(void **state)
{
	uint8_t expected = 0;

	(void)state;
	socket_seen.read = 19 * 100 + 7;
	socket_seen.seg = 100;
	for (int pass = 0; pass < 3; pass++) {
		xt_batch_reset(batch);
		assert_int_equal(udp->ops->recv(udp, batch, SIZE_MAX), pass < 2 ? 8 : 4);
		assert_int_equal(udp->pending, pass < 2);
		for (uint32_t i = 0; i < batch->n; i++, expected++) {
			assert_int_equal(batch->pkts[i].len, expected == 19 ? 7 : 100);
			assert_int_equal(batch->pkts[i].data[0], expected);
			assert_int_equal(batch->pkts[i].data[batch->pkts[i].len - 1], expected);
			assert_int_equal(batch->pkts[i].from->remote.port, 7);
		}
	}
	xt_batch_reset(batch);
	assert_int_equal(udp->ops->recv(udp, batch, SIZE_MAX), 0);
	assert_int_equal(udp->errors, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(TEST(a_run_is_one_message), TEST(a_host_without_segmentation_gets_single_datagrams),
	  TEST(a_run_too_large_for_the_link_is_sent_singly),
	  TEST(ecn_that_is_refused_is_left_out_from_then_on),
	  TEST(a_full_socket_keeps_the_rest_of_a_run), TEST(a_source_that_is_refused_is_left_out),
	  TEST(datagrams_name_their_link_when_the_tunnel_would_catch_them),
	  TEST(datagrams_name_their_link_when_it_is_not_that_of_the_default_route),
	  TEST(a_probe_that_is_too_large_is_dropped_without_notice),
	  TEST(a_coalesced_read_is_handed_on_in_order))
