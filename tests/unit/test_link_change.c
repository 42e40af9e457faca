/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* From one link plan to another on Linux: the host is as after a start with the second; taken back,
 * or after a request to the kernel that fails, it is as before. In a network namespace of the test,
 * verified by ip(8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit/link_plans.h"
#include "seed.h"

static unsigned requests, failing; /* to the kernel; which of them fails, 0: none */

/* In place of the C library's: the netlink library sends by it. */
ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	if (++requests == failing) {
		errno = EPERM;
		return -1;
	}
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

/* Without what depends on the order in which addresses came. */
static void sorted_now(char text[NET_TEXT])
{
	net_run(text, HOST_NOW " | sed 's/ secondary//; s/ src [^ ]*//' | sort");
}

enum { CHOICES = 11 };

/* A plan of the parts whose bits are set. */
static void plan_of(struct request *request, unsigned bits)
{
	static const char *const addresses[] = {"10.7.0.1/24", "10.7.0.2/24", "10.8.0.1/24",
						"fd07::1/64"};
	static const char *const networks[] = {"10.7.0.9/32", "10.9.0.0/16", "10.9.1.0/24",
					       "fd07:1::/48"};

	plan_init(request);
	for (unsigned i = 0; i < 4; i++)
		if (bits >> i & 1)
			plan_address(request, addresses[i], NULL);
	for (unsigned i = 0; i < 4; i++)
		if (bits >> (4 + i) & 1)
			plan_network(request, networks[i]);
	request->plan.mtu = bits >> 8 & 1 ? 1400 : 1380;
	if (bits >> 9 & 1) {
		plan_network(request, "0.0.0.0/0");
		request->plan.policy =
		    (struct xt_link_policy){.table = 51820, .priority = {100, 0}};
	}
	request->plan.routes = bits >> 10 & 1;
}

static unsigned bits_next(uint64_t *seed)
{
	unsigned bits = (unsigned)xt_below(seed, 1u << CHOICES);

	return xt_below(seed, 4) ? bits | 1u << 10 : bits; /* routes, most of the time */
}

static int link_follow(struct xt_link *link, const struct request *to, bool retire, bool commit)
{
	struct xt_link_edit *edit;
	char error[200] = "";
	int rc = xt_link_extend(&edit, link, &to->plan, true, error, sizeof(error));

	if (rc < 0) {
		assert_true(*error != '\0');
		return rc;
	}
	if (retire)
		rc = xt_link_retire(edit, error, sizeof(error));
	if (rc < 0)
		assert_true(*error != '\0');
	if (rc == 0 && commit)
		xt_link_commit(edit);
	else
		xt_link_revert(edit);
	return rc;
}

/* The same link in another process: its plan, and nothing that was recorded. */
static struct xt_link *link_adopted(struct xt_link *link, unsigned bits)
{
	struct request request;
	struct xt_link *adopted;
	uint32_t mtu = xt_link_mtu(link);
	char before[NET_TEXT], after[NET_TEXT];

	plan_of(&request, bits);
	host_now(before);
	xt_link_release(link);
	assert_int_equal(xt_link_adopt(&adopted, &request.plan, mtu), 0);
	host_now(after);
	assert_string_equal(after, before);
	return adopted;
}

static void from_any_plan_to_any_other(void **state)
{
	uint64_t seed = xt_seed();
	struct xt_link *link;
	struct request request;
	unsigned from = bits_next(&seed);

	(void)state;
	plan_of(&request, from);
	link = link_set_plan(&request.plan);
	for (unsigned i = 0; i < 40; i++) {
		char changed[NET_TEXT];
		unsigned to = bits_next(&seed);
		struct xt_link *other;

		if (xt_below(&seed, 2))
			link = link_adopted(link, from);
		plan_of(&request, to);
		assert_int_equal(link_follow(link, &request, true, true), 0);
		assert_int_equal(xt_link_mtu(link), request.plan.mtu);
		usleep(20000);
		sorted_now(changed);
		xt_link_undo(link);
		other = link_set_plan(&request.plan);
		print_message("from %#x to %#x\n", from, to);
		host_becomes(sorted_now, changed);
		link = other;
		from = to;
	}
	xt_link_undo(link);
}

static void taken_back_the_host_is_as_before(void **state)
{
	uint64_t seed = xt_seed();

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		char before[NET_TEXT];
		unsigned from = bits_next(&seed), to = bits_next(&seed);
		struct request request;
		struct xt_link *link;

		plan_of(&request, from);
		link = link_set_plan(&request.plan);
		usleep(20000);
		host_now(before);
		plan_of(&request, to);
		assert_int_equal(link_follow(link, &request, i & 1, false), 0);
		print_message("from %#x to %#x\n", from, to);
		host_becomes(host_now, before);
		xt_link_undo(link);
	}
}

static void each_request_that_fails_takes_all_back(void **state)
{
	static const unsigned pairs[][2] = {
	    {0x431, 0x7ec}, {0x7ec, 0x431}, {0x63f, 0x400}, {0x4f3, 0x4f2}, {0x609, 0x40a},
	};
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct request from, to;
		struct xt_link *link;
		bool done = false;

		plan_of(&from, pairs[i][0]);
		plan_of(&to, pairs[i][1]);
		link = link_set_plan(&from.plan);
		usleep(20000);
		for (unsigned at = 1; !done; at++) {
			char before[NET_TEXT];
			int rc;

			host_now(before);
			requests = 0;
			failing = at;
			rc = link_follow(link, &to, true, true);
			failing = 0;
			done = requests < at;
			if (rc == 0) { /* an inquiry that failed, or none */
				assert_int_equal(link_follow(link, &from, true, true), 0);
				usleep(20000);
				continue;
			}
			failed++;
			print_message("from %#x to %#x, request %u\n", pairs[i][0], pairs[i][1],
				      at);
			host_becomes(host_now, before);
		}
		xt_link_undo(link);
	}
	assert_true(failed > 40);
}

/* An address that another program set stays when the plan does not name it any more. */
static void what_was_there_before_is_not_removed(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	ip("addr add 10.7.0.1/24 dev " NAME);
	plan_of(&request, 0x401);
	link = link_set_plan(&request.plan);
	plan_of(&request, 0x404);
	assert_int_equal(link_follow(link, &request, true, true), 0);
	assert_true(ip_says("-o addr show dev " NAME, "10.7.0.1/24"));
	assert_true(ip_says("-o addr show dev " NAME, "10.8.0.1/24"));
	xt_link_undo(link);
	assert_true(ip_says("-o addr show dev " NAME, "10.7.0.1/24"));
	assert_false(ip_says("-o addr show dev " NAME, "10.8.0.1/24"));
}

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, tun_setup, tun_teardown)

NET_TEST_MAIN(LINK_TEST(from_any_plan_to_any_other), LINK_TEST(taken_back_the_host_is_as_before),
	      LINK_TEST(each_request_that_fails_takes_all_back),
	      LINK_TEST(what_was_there_before_is_not_removed))
