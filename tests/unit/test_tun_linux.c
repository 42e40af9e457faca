/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* The TUN device of Linux, in a network namespace of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>

#include "net_namespace.h"
#include "platform/linux/tun_linux.h"
#include "platform/wake.h"
#include "unit/tun_budget.h"

#define USER 12345

static struct xt_tun *tun_new(const char *name)
{
	const struct xt_tun_options options = {name,  UINT32_MAX, UINT32_MAX, false,
					       false, false,	  0};
	struct xt_tun *tun = NULL;

	assert_int_equal(xt_tun_open(&tun, &options), 0);
	return tun;
}

static int tun_try(const char *name, struct xt_tun **out)
{
	const struct xt_tun_options options = {name,  UINT32_MAX, UINT32_MAX, false,
					       false, false,	  0};

	return xt_tun_open(out, &options);
}

static struct xt_batch *batch_new(uint32_t cap)
{
	struct xt_batch *batch = NULL;

	assert_int_equal(xt_batch_new(&batch, cap, XT_TUN_SLAB), 0);
	return batch;
}

static void ip(const char *arguments)
{
	char text[NET_TEXT];

	if (net_run(text, "ip %s 2>&1", arguments) != 0)
		fail_msg("ip %s: %s", arguments, text);
}

/* Without IPv6 the kernel sends no router solicitation among the test's packets. */
static struct xt_tun *tun_ready(void)
{
	struct xt_tun *tun = tun_new("platform0");
	char text[NET_TEXT];

	net_run(text, "echo 1 > /proc/sys/net/ipv6/conf/platform0/disable_ipv6 2>&1");
	ip("addr add 10.7.0.1/24 dev platform0");
	ip("link set platform0 up");
	return tun;
}

static int udp_socket(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(7777)};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(s, (struct sockaddr *)&name, sizeof(name)), 0);
	return s;
}

static void udp_send(int s, const char *to, size_t len)
{
	static uint8_t bytes[65536];
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(9)};

	inet_pton(AF_INET, to, &name.sin_addr);
	assert_int_equal(sendto(s, bytes, len, 0, (struct sockaddr *)&name, sizeof(name)), len);
}

static void an_open_device_knows_its_name_index_and_mtu(void **state)
{
	struct xt_tun *tun = tun_new("platform%d");

	(void)state;
	assert_string_equal(tun->name, "platform0");
	assert_int_equal(tun->ifindex, if_nametoindex("platform0"));
	assert_int_equal(tun->mtu, 1500);
	assert_true(tun_linux_fd(tun) >= 0);
	assert_int_equal(fcntl(tun_linux_fd(tun), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(tun_linux_fd(tun), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	tun->ops->close(tun);
	assert_int_equal(if_nametoindex("platform0"), 0);
}

static void bad_names_are_refused(void **state)
{
	static const char *const names[] = {
	    "",	     ".",    "..",	"a/b",	   "a b",
	    "a%s",   "%d%d", "tun%",	"a:1",	   "sixteen-letters-",
	    "\x7f!", "\n",   "tun\xc3", "%n%n%n%n"};
	struct xt_tun *tun = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(tun_try(names[i], &tun), -EINVAL);
	assert_int_equal(xt_tun_remove("a/b"), -EINVAL);
	assert_int_equal(xt_tun_remove("tun%d"), -EINVAL);
	assert_null(tun);
}

static void a_name_in_use_is_busy_whatever_holds_it(void **state)
{
	struct xt_tun *tun = tun_new("platform0"), *other = NULL;

	(void)state;
	assert_int_equal(tun_try("platform0", &other), -EBUSY);
	assert_int_equal(tun_try("lo", &other), -EBUSY);
	assert_int_equal(xt_tun_remove("platform0"), -EBUSY);
	assert_int_equal(xt_tun_remove("lo"), -EBUSY);
	assert_int_not_equal(if_nametoindex("platform0"), 0);
	tun->ops->close(tun);
}

static void packets_of_the_host_are_read_whole(void **state)
{
	struct xt_tun *tun = tun_ready();
	struct xt_batch *batch = batch_new(XT_TUN_BATCH);
	int s = udp_socket();

	(void)state;
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 0);
	for (size_t len = 0; len < 5; len++)
		udp_send(s, "10.7.0.2", len * 100);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(batch->pkts[i].len, 28 + i * 100);
		assert_int_equal(batch->pkts[i].data[0], 0x45);
		assert_memory_equal(batch->pkts[i].data + 16, "\x0a\x07\x00\x02", 4);
	}
	ip("link set platform0 mtu 65535");
	udp_send(s, "10.7.0.2", 65507);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 1);
	assert_int_equal(batch->pkts[5].len, 65535);
	close(s);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void recv_stops_at_the_budget_and_at_a_full_batch(void **state)
{
	struct xt_tun *tun = tun_ready();
	struct xt_batch *batch = batch_new(4);
	int s = udp_socket();

	(void)state;
	for (int i = 0; i < 8; i++)
		udp_send(s, "10.7.0.2", 100);
	tun_budget_check(tun, batch, 200, 4);
	close(s);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

/* IPv4 and UDP from 10.7.0.2:9 to 10.7.0.1:7777, without a UDP checksum. */
static const uint8_t greeting[] = {0x45, 0,    0,    30,   0, 0,  0,  0, 64,  17,
				   0x66, 0xbf, 10,   7,	   0, 2,  10, 7, 0,   1,
				   0,	 9,    0x1e, 0x61, 0, 10, 0,  0, 'h', 'i'};

static void packets_that_pass_reach_the_host_and_rubbish_is_refused(void **state)
{
	struct xt_tun *tun = tun_ready();
	struct xt_batch *batch = batch_new(8);
	uint8_t copy[sizeof(greeting)], rubbish[4] = {0x15, 1, 2, 3};
	int s = udp_socket();
	char text[8];

	(void)state;
	memcpy(copy, greeting, sizeof(copy));
	assert_non_null(xt_batch_view(batch, copy, sizeof(copy)));
	assert_non_null(xt_batch_view(batch, rubbish, sizeof(rubbish)));
	assert_non_null(xt_batch_view(batch, copy, sizeof(copy)));
	batch->pkts[2].verdict = XT_DROP_SOURCE;
	assert_int_equal(tun->ops->send(tun, batch), 1);
	assert_int_equal(batch->pkts[0].verdict, XT_PASS);
	assert_int_equal(batch->pkts[1].verdict, XT_DROP_TUN);
	assert_int_equal(batch->pkts[2].verdict, XT_DROP_SOURCE);
	assert_int_equal(recv(s, text, sizeof(text), MSG_DONTWAIT), 2);
	assert_memory_equal(text, "hi", 2);
	assert_int_equal(recv(s, text, sizeof(text), MSG_DONTWAIT), -1);
	close(s);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void an_interface_that_is_down_refuses_but_is_not_gone(void **state)
{
	struct xt_tun *tun = tun_new("platform0");
	struct xt_batch *batch = batch_new(2);
	uint8_t copy[sizeof(greeting)];

	(void)state;
	memcpy(copy, greeting, sizeof(copy));
	xt_batch_view(batch, copy, sizeof(copy));
	assert_int_equal(tun->ops->send(tun, batch), 0);
	assert_int_equal(batch->pkts[0].verdict, XT_DROP_TUN);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 0);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static bool segmentation_is_offloaded(const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GTSO};
	struct ifreq ifr = {.ifr_data = (void *)&value};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	strcpy(ifr.ifr_name, name);
	rc = ioctl(s, SIOCETHTOOL, &ifr);
	close(s);
	assert_int_equal(rc, 0);
	return value.data;
}

/* The offloads are the device's, not the descriptor's: who closes last must not switch them off for
 * the other one. */
static void a_device_that_was_handed_over_keeps_its_offloads(void **state)
{
	struct xt_tun_options options = {"platform0", UINT32_MAX, UINT32_MAX, false,
					 true,	      false,	  0};
	struct xt_tun *tun = NULL, *next = NULL;

	(void)state;
	assert_int_equal(xt_tun_open(&tun, &options), 0);
	assert_true(segmentation_is_offloaded("platform0"));
	options.fd = fcntl(tun_linux_fd(tun), F_DUPFD_CLOEXEC, 0);
	assert_int_equal(xt_tun_open(&next, &options), 0);
	xt_tun_hand_over(tun, true);
	tun->ops->close(tun);
	assert_true(segmentation_is_offloaded("platform0"));
	assert_int_equal(next->rx_offloads & XT_TUN_TSO4, XT_TUN_TSO4);
	next->ops->close(next);
}

static void a_deleted_interface_is_gone(void **state)
{
	struct xt_tun *tun = tun_ready();
	struct xt_batch *batch = batch_new(2);
	struct xt_wake_event event;
	struct xt_wake *wake;
	uint8_t copy[sizeof(greeting)];

	(void)state;
	assert_int_equal(xt_wake_new(&wake), 0);
	assert_int_equal(tun->ops->watch(tun, wake, XT_WAKE_READ, tun), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 0);
	ip("link del platform0");
	assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
	assert_ptr_equal(event.ctx, tun);
	xt_wake_free(wake);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), -ENODEV);
	memcpy(copy, greeting, sizeof(copy));
	xt_batch_view(batch, copy, sizeof(copy));
	assert_int_equal(tun->ops->send(tun, batch), -ENODEV);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static int user_opens(void *arg)
{
	struct xt_tun *tun = NULL;
	int rc = tun_try(arg, &tun);

	if (rc == 0)
		tun->ops->close(tun);
	return -rc;
}

static void a_persistent_device_is_its_owners_to_use(void **state)
{
	const struct xt_tun_options options = {"platform0", USER,  UINT32_MAX, true,
					       false,	    false, 0};
	struct xt_tun *tun = NULL;

	(void)state;
	assert_int_equal(xt_tun_open(&tun, &options), 0);
	tun->ops->close(tun);
	assert_int_not_equal(if_nametoindex("platform0"), 0);
	assert_int_equal(net_as_user(USER, user_opens, "platform0"), 0);
	assert_int_equal(net_as_user(USER, user_opens, "platform0"), 0); /* it persists */
	assert_int_equal(net_as_user(USER + 1, user_opens, "platform0"), EPERM);
	assert_int_equal(net_as_user(USER, user_opens, "platform1"), EPERM);
	tun = tun_new("platform0"); /* root may as well */
	tun->ops->close(tun);
	assert_int_not_equal(if_nametoindex("platform0"), 0);
	assert_int_equal(xt_tun_remove("platform0"), 0);
	assert_int_equal(if_nametoindex("platform0"), 0);
	assert_int_equal(xt_tun_remove("platform0"), -ENODEV);
}

static void a_persistent_device_can_be_its_groups(void **state)
{
	const struct xt_tun_options options = {"platform0", UINT32_MAX, USER, true,
					       false,	    false,	0};
	struct xt_tun *tun = NULL;

	(void)state;
	assert_int_equal(xt_tun_open(&tun, &options), 0);
	tun->ops->close(tun);
	assert_int_equal(net_as_user(USER, user_opens, "platform0"), 0);
	assert_int_equal(net_as_user(USER + 1, user_opens, "platform0"), EPERM);
	assert_int_equal(xt_tun_remove("platform0"), 0);
}

static void a_missing_node_and_a_forbidden_one_are_distinguished(void **state)
{
	struct xt_tun *tun = NULL;

	(void)state;
	assert_int_equal(chmod("/dev/net/tun", 0600), 0);
	assert_int_equal(net_as_user(USER, user_opens, "platform0"), EPERM);
	assert_int_equal(chmod("/dev/net/tun", 0666), 0);
	assert_int_equal(rename("/dev/net/tun", "/dev/net/away"), 0);
	assert_int_equal(tun_try("platform0", &tun), -ENOENT);
	assert_int_equal(rename("/dev/net/away", "/dev/net/tun"), 0);
}

NET_TEST_MAIN(cmocka_unit_test(an_open_device_knows_its_name_index_and_mtu),
	      cmocka_unit_test(bad_names_are_refused),
	      cmocka_unit_test(a_name_in_use_is_busy_whatever_holds_it),
	      cmocka_unit_test(packets_of_the_host_are_read_whole),
	      cmocka_unit_test(recv_stops_at_the_budget_and_at_a_full_batch),
	      cmocka_unit_test(packets_that_pass_reach_the_host_and_rubbish_is_refused),
	      cmocka_unit_test(an_interface_that_is_down_refuses_but_is_not_gone),
	      cmocka_unit_test(a_device_that_was_handed_over_keeps_its_offloads),
	      cmocka_unit_test(a_deleted_interface_is_gone),
	      cmocka_unit_test(a_persistent_device_is_its_owners_to_use),
	      cmocka_unit_test(a_persistent_device_can_be_its_groups),
	      cmocka_unit_test(a_missing_node_and_a_forbidden_one_are_distinguished))
