/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* Super-packets from and to the kernel's TUN device, in a network namespace of the test; the
 * kernel's TCP and UDP verify them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "flows.h"
#include "net_namespace.h"
#include "packet/merge.h"
#include "packet/split.h"
#include "platform/tun.h"
#include "platform/udp.h"

static uint8_t bytes[65536];
static struct xt_batch *batch, *other;

static struct xt_tun *tun_new(bool offload, bool persist)
{
	const struct xt_tun_options options = {.name = "platform0",
					       .owner_uid = UINT32_MAX,
					       .owner_gid = UINT32_MAX,
					       .persist = persist,
					       .offload = offload};
	struct xt_tun *tun = NULL;

	assert_int_equal(xt_tun_open(&tun, &options), 0);
	return tun;
}

static void ip(const char *arguments)
{
	char text[NET_TEXT];

	if (net_run(text, "ip %s 2>&1", arguments) != 0)
		fail_msg("ip %s: %s", arguments, text);
}

static struct xt_tun *tun_up(struct xt_tun *tun)
{
	char text[NET_TEXT];

	net_run(text, "echo 1 > /proc/sys/net/ipv6/conf/platform0/disable_ipv6 2>&1");
	ip("addr add 10.7.0.1/24 dev platform0");
	ip("link set platform0 up");
	xt_batch_reset(batch);
	xt_batch_reset(other);
	return tun;
}

static struct xt_tun *tun_ready(bool offload)
{
	return tun_up(tun_new(offload, false));
}

static int udp_socket(uint16_t port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(s, (struct sockaddr *)&name, sizeof(name)), 0);
	return s;
}

static void send_one(int s, const uint8_t *data, size_t len, int size)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(5001)};

	inet_pton(AF_INET, "10.7.0.2", &name.sin_addr);
	assert_int_equal(setsockopt(s, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	if (sendto(s, data, len, 0, (struct sockaddr *)&name, sizeof(name)) == (ssize_t)len)
		return;
	/* Kernels before 6.11 refuse it towards a device without checksum offload. */
	assert_int_equal(errno, EIO);
	assert_true(size > 0 && len > (size_t)size);
	for (size_t at = 0; at < len; at += (size_t)size)
		send_one(s, data + at, len - at < (size_t)size ? len - at : (size_t)size, 0);
}

/* One send that the kernel may segment: datagrams of size bytes. */
static void send_many(int s, size_t len, int size)
{
	send_one(s, bytes, len, size);
}

static void split_all(void)
{
	struct xt_split at = {0};

	assert_true(xt_split(&at, batch, other));
}

static void what_the_kernel_offers_is_in_use(void **state)
{
	struct xt_tun *tun = tun_new(true, false);

	(void)state;
	/* every kernel since 2.6.27 */
	assert_int_equal(tun->rx_offloads & (XT_TUN_CSUM | XT_TUN_TSO4 | XT_TUN_TSO6),
			 XT_TUN_CSUM | XT_TUN_TSO4 | XT_TUN_TSO6);
	assert_true(tun->tx_offloads & XT_MERGE_TCP);
	assert_int_equal(!(tun->tx_offloads & XT_MERGE_UDP), !(tun->rx_offloads & XT_TUN_USO));
	tun->ops->close(tun);
}

static void the_option_and_the_environment_switch_it_off(void **state)
{
	static const char *const words[] = {"off", "udp"};
	struct xt_tun *tun = tun_new(false, false);

	(void)state;
	assert_int_equal(tun->rx_offloads | tun->tx_offloads, 0);
	tun->ops->close(tun);
	for (size_t i = 0; i < 2; i++) {
		setenv("XT_OFFLOAD", words[i], 1);
		tun = tun_new(true, false);
		assert_int_equal(tun->rx_offloads | tun->tx_offloads, 0);
		tun->ops->close(tun);
	}
	setenv("XT_OFFLOAD", "tun", 1);
	tun = tun_new(true, false);
	assert_int_not_equal(tun->tx_offloads, 0);
	tun->ops->close(tun);
	unsetenv("XT_OFFLOAD");
}

static void datagrams_of_the_host_come_with_right_checksums_either_way(void **state)
{
	(void)state;
	for (int offload = 0; offload < 2; offload++) {
		struct xt_tun *tun = tun_ready(offload);
		int s = udp_socket(7777);
		uint32_t n;

		send_many(s, 100, 0);
		send_many(s, 5000, 1000);
		n = (uint32_t)tun->ops->recv(tun, batch, SIZE_MAX);
		assert_int_equal(n, offload && (tun->rx_offloads & XT_TUN_USO) ? 2 : 6);
		split_all();
		assert_int_equal(other->n, 6);
		for (uint32_t i = 0; i < 6; i++) {
			const struct xt_pkt *pkt = &other->pkts[i];

			assert_int_equal(pkt->verdict, XT_PASS);
			assert_int_equal(pkt->len, i ? 1028 : 128);
			assert_true(flow_right(pkt->data, pkt->len));
			assert_memory_equal(pkt->data + 28, bytes + (i ? (i - 1) * 1000 : 0),
					    pkt->len - 28);
		}
		close(s);
		tun->ops->close(tun);
	}
}

/* n segments of a UDP flow to 10.7.0.1:7777, the last of 50 bytes. */
static void datagrams_make(int n, size_t size)
{
	struct flow f = flow_of(4, 17);

	f.from = 2;
	f.to = 1;
	f.dport = 7777;
	for (int i = 0; i < n; i++) {
		struct xt_pkt *pkt = xt_batch_add(batch, 28 + size);

		assert_non_null(pkt);
		pkt->len = (uint32_t)flow_packet(pkt->data, &f, bytes + i, i == n - 1 ? 50 : size);
		xt_batch_trim(batch);
		f.id++;
	}
}

/* From batch to other. */
static void datagrams_merge(uint32_t kinds)
{
	struct xt_merge *merge;

	assert_int_equal(xt_merge_new(&merge, 64), 0);
	xt_merge(merge, kinds, batch, other);
	xt_merge_free(merge);
}

static void datagrams_arrive(int s, int n, size_t size)
{
	uint8_t got[2048];

	for (int i = 0; i < n; i++) {
		size_t len = i == n - 1 ? 50 : size;

		assert_int_equal(recv(s, got, sizeof(got), MSG_DONTWAIT), len);
		assert_memory_equal(got, bytes + i, len);
	}
	assert_int_equal(recv(s, got, sizeof(got), MSG_DONTWAIT), -1);
}

static void a_merged_super_packet_reaches_the_host_as_its_datagrams(void **state)
{
	struct xt_tun *tun = tun_ready(true);
	int s = udp_socket(7777);

	(void)state;
	if (!(tun->tx_offloads & XT_MERGE_UDP)) {
		tun->ops->close(tun);
		close(s);
		skip();
	}
	datagrams_make(64, 900);
	datagrams_merge(tun->tx_offloads);
	assert_int_equal(other->n, 1);
	assert_int_equal(tun->ops->send(tun, other), 1);
	assert_int_equal(other->pkts[0].verdict, XT_PASS);
	assert_int_equal(tun->fallbacks, 0);
	datagrams_arrive(s, 64, 900);
	close(s);
	tun->ops->close(tun);
}

static void a_super_packet_that_is_refused_leaves_as_segments_and_ends_that_offload(void **state)
{
	struct xt_tun *tun = tun_ready(true);
	int s = udp_socket(7777);

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(tun->tx_offloads & XT_MERGE_TCP, XT_MERGE_TCP);
		xt_batch_reset(batch);
		xt_batch_reset(other);
		datagrams_make(10, 100);
		datagrams_merge(XT_MERGE_UDP);
		assert_int_equal(other->n, 1);
		/* a kind that contradicts the checksum's offset; split checks that too */
		other->pkts[0].gso.csum_offset = 2;
		assert_int_equal(tun->ops->send(tun, other), 1);
		assert_int_equal(other->pkts[0].verdict, XT_PASS);
		assert_int_equal(tun->fallbacks, i);
		datagrams_arrive(s, 10, 100);
	}
	assert_false(tun->tx_offloads & XT_MERGE_UDP);
	assert_true(tun->tx_offloads & XT_MERGE_TCP);
	close(s);
	tun->ops->close(tun);
}

#define NUMBERS	  70
#define MALFORMED 40

/* Many packets at once, one of them invalid: all the others arrive, in order. */
static bool packets_arrive(void)
{
	struct xt_tun *tun = tun_ready(true);
	int s = udp_socket(7777), sent;
	uint8_t got[2048];
	bool good;

	datagrams_make(NUMBERS, 900);
	batch->pkts[MALFORMED].data[0] = 0;
	sent = tun->ops->send(tun, batch);
	good = sent == NUMBERS - 1 && batch->pkts[MALFORMED].verdict == XT_DROP_TUN;
	for (int i = 0; i < NUMBERS; i++) {
		ssize_t len = i == NUMBERS - 1 ? 50 : 900;

		good = good && (i == MALFORMED || (recv(s, got, sizeof(got), MSG_DONTWAIT) == len &&
						   memcmp(got, bytes + i, (size_t)len) == 0));
	}
	close(s);
	tun->ops->close(tun);
	return good;
}

static void many_packets_at_once_arrive_in_order(void **state)
{
	(void)state;
	assert_true(packets_arrive());
}

/* As in a container. */
static void many_packets_arrive_where_io_uring_is_forbidden(void **state)
{
	struct sock_filter forbid[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 425 /* io_uring_setup */, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = XT_LEN(forbid), .filter = forbid};
	int status = -1;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
			      packets_arrive()
			  ? 0
			  : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_device_without_headers_takes_no_super_packet(void **state)
{
	struct xt_tun *tun = tun_ready(false);
	int s = udp_socket(7777);

	(void)state;
	datagrams_make(3, 100);
	datagrams_merge(XT_MERGE_UDP);
	assert_int_equal(tun->ops->send(tun, other), 0);
	assert_int_equal(other->pkts[0].verdict, XT_DROP_TUN);
	close(s);
	tun->ops->close(tun);
}

static void a_super_packet_for_an_interface_that_is_down_is_dropped(void **state)
{
	struct xt_tun *tun = tun_ready(true);

	(void)state;
	ip("link set platform0 down");
	datagrams_make(5, 100);
	datagrams_merge(XT_MERGE_UDP);
	assert_int_equal(tun->ops->send(tun, other), 0);
	assert_int_equal(other->pkts[0].verdict, XT_DROP_TUN);
	assert_int_equal(tun->fallbacks, 0);
	tun->ops->close(tun);
}

/* A tunnel in another one: before Linux 6.11 the kernel refuses a run towards a device without
 * checksum offload, and the socket sends datagrams by themselves from then on. */
static void a_run_of_a_tunnel_inside_arrives_whole(void **state)
{
	struct xt_tun *tun = tun_ready(false);
	struct xt_path path = {.remote.port = 5001};
	struct xt_udp *udp = NULL;
	struct xt_tx *tx = NULL;
	bool gso;

	(void)state;
	assert_int_equal(xt_udp_open(&udp, 0, 0), 0);
	assert_int_equal(xt_tx_new(&tx, 64, 1 << 20), 0);
	assert_int_equal(xt_ip_parse(&path.remote.ip, "10.7.0.2"), 0);
	gso = udp->gso;
	for (uint32_t round = 0; round < 2; round++) {
		uint32_t next = 0;

		xt_tx_reset(tx);
		xt_batch_reset(batch);
		for (size_t i = 0; i < 10; i++)
			assert_int_equal(xt_tx_copy(tx, &path, 0, bytes + i, 1000), 0);
		assert_int_equal(udp->ops->send(udp, tx, &next), 0);
		assert_int_equal(next, tx->n_runs);
		assert_int_equal(udp->refused, 0);
		assert_int_equal(udp->fallbacks, gso && !udp->gso ? 1 : 0);
		assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 10);
		for (uint32_t i = 0; i < 10; i++) {
			assert_int_equal(batch->pkts[i].len, 1028);
			assert_true(flow_right(batch->pkts[i].data, 1028));
			assert_memory_equal(batch->pkts[i].data + 28, bytes + i, 1000);
		}
	}
	print_message("segmentation by the kernel: %s\n", udp->gso ? "yes" : "no");
	xt_tx_free(tx);
	udp->ops->close(udp);
	tun->ops->close(tun);
}

/* An interface of another program: without headers, with them, or with offload left on. */
static void a_persistent_device_serves_with_and_without_in_any_order(void **state)
{
	static const bool order[] = {false, true, false, true, true, false};
	struct xt_tun *tun = NULL;

	(void)state;
	ip("tuntap add platform0 mode tun");
	for (size_t i = 0; i < sizeof(order); i++) {
		int s, n = 0;

		tun = tun_new(order[i], false);
		assert_int_equal(tun->tx_offloads != 0, order[i]);
		if (i == 0)
			tun_up(tun);
		s = udp_socket(7777);
		xt_batch_reset(batch);
		xt_batch_reset(other);
		/* The kernel drops packets until it has noticed, a moment later, that a program has
		 * attached. */
		for (int tries = 0; n == 0 && tries < 100; tries++) {
			send_many(s, 3000, 1000);
			n = tun->ops->recv(tun, batch, SIZE_MAX);
			if (n == 0)
				usleep(10000);
		}
		assert_true(n >= 1);
		split_all();
		assert_int_equal(other->n, 3);
		for (uint32_t k = 0; k < 3; k++)
			assert_true(flow_right(other->pkts[k].data, other->pkts[k].len));
		close(s);
		tun->ops->close(tun);
	}
	assert_int_equal(xt_tun_remove("platform0"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_kernel_offers_is_in_use),
	    cmocka_unit_test(the_option_and_the_environment_switch_it_off),
	    cmocka_unit_test(datagrams_of_the_host_come_with_right_checksums_either_way),
	    cmocka_unit_test(a_merged_super_packet_reaches_the_host_as_its_datagrams),
	    cmocka_unit_test(
		a_super_packet_that_is_refused_leaves_as_segments_and_ends_that_offload),
	    cmocka_unit_test(many_packets_at_once_arrive_in_order),
	    cmocka_unit_test(many_packets_arrive_where_io_uring_is_forbidden),
	    cmocka_unit_test(a_device_without_headers_takes_no_super_packet),
	    cmocka_unit_test(a_super_packet_for_an_interface_that_is_down_is_dropped),
	    cmocka_unit_test(a_run_of_a_tunnel_inside_arrives_whole),
	    cmocka_unit_test(a_persistent_device_serves_with_and_without_in_any_order),
	};

	if (net_namespace_skip())
		return 77;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 11 + i / 256);
	unsetenv("XT_OFFLOAD");
	if (xt_batch_new(&batch, 512, XT_TUN_SLAB) || xt_batch_new(&other, 512, XT_TUN_SLAB))
		return 1;
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	xt_batch_free(batch);
	xt_batch_free(other);
	return rc;
}
