/* SPDX-License-Identifier: MIT */
/* The watch of macOS, FreeBSD and OpenBSD, over a kernel of the tests; and the clock. Built once
 * for each system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bsd/plans.h"
#include "platform/bsd/kernel_bsd.h"
#include "platform/clock.h"
#include "platform/watch.h"
#include "test_main.h"

static struct xt_tun *tun;
static struct xt_watch watch;

static int setup(void **state)
{
	(void)state;
	kernel_reset();
	tun = tun_make();
	return xt_watch_open(&watch, tun->ifindex);
}

static int teardown(void **state)
{
	(void)state;
	xt_watch_close(&watch);
	tun->ops->close(tun);
	return (int)kernel_open_count();
}

static void nothing_has_happened(void)
{
	struct xt_link_state link;

	assert_int_equal(xt_watch_read(&watch, &link), 0);
}

static void the_interface_is_reported(void **state)
{
	struct xt_link_state link;

	(void)state;
	nothing_has_happened();
	kernel_link_set(tun->ifindex, true, true, 1400);
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_LINK | XT_WATCH_ROUTING);
	assert_true(link.exists && link.up && !link.was_down && !link.moved);
	assert_int_equal(link.mtu, 1400);
	assert_string_equal(link.name, TUN_NAME);

	/* down and up between two reads */
	kernel_link_set(tun->ifindex, false, true, 1400);
	kernel_link_set(tun->ifindex, true, true, 1400);
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_LINK | XT_WATCH_ROUTING);
	assert_true(link.up && link.was_down);
	nothing_has_happened();
}

/* OpenBSD would end the tunnel process. */
static void the_interface_is_reported_without_another_socket(void **state)
{
	struct xt_link_state link;

	(void)state;
	kernel.no_sockets = true;
	kernel_link_set(tun->ifindex, true, true, 1400);
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_LINK | XT_WATCH_ROUTING);
	assert_true(link.exists && link.up && !link.was_down);
	assert_int_equal(link.mtu, 1400);
	assert_string_equal(link.name, TUN_NAME);
	kernel_link_remove(tun->ifindex);
	assert_true(xt_watch_read(&watch, &link) & XT_WATCH_LINK);
	assert_false(link.exists);
}

static void the_end_of_the_interface_is_reported(void **state)
{
	struct xt_link_state link;

	(void)state;
	kernel_link_remove(tun->ifindex);
	assert_true(xt_watch_read(&watch, &link) & XT_WATCH_LINK);
	assert_false(link.exists);
	assert_false(link.moved);
}

static void routes_and_addresses_are_routing(void **state)
{
	struct xt_link_address *addresses;
	struct xt_link_state link;
	struct request request;
	struct xt_link *made = NULL;
	char error[200];
	size_t n;

	(void)state;
	plan_fill(&request, "10.7.0.1/24", "10.9.0.0/16", "");
	assert_int_equal(xt_link_set(&made, &request.plan, error, sizeof(error)), 0);
	assert_true(xt_watch_read(&watch, &link) & XT_WATCH_ROUTING);
	xt_link_undo(made);
	assert_true(xt_watch_read(&watch, &link) & XT_WATCH_ROUTING);
	/* a question changes nothing */
	assert_int_equal(xt_link_addresses("en0", &addresses, &n), 0);
	free(addresses);
	nothing_has_happened();
	kernel_link_set(KERNEL_EN1, true, true, 1500);
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_ROUTING);
}

static void a_request_that_failed_has_changed_nothing(void **state)
{
	const struct xt_bsd_route route = {.dst = {{4, {10, 9, 0, 0}}, 16}, .ifindex = KERNEL_EN0};
	struct xt_link_kernel *requests;

	(void)state;
	kernel_route_set("10.9.0.0/16", NULL, KERNEL_EN0);
	assert_int_equal(xt_link_kernel_open(&requests), 0);
	assert_int_equal(xt_bsd_route_write(requests, xt_abi.rtm_add, &route), -EEXIST);
	xt_link_kernel_close(requests);
	nothing_has_happened();
}

static void a_carrier_that_comes_back_is_named(void **state)
{
	struct xt_link_state link;

	(void)state;
	kernel_link_set(KERNEL_EN0, true, false, 1500);
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_ROUTING);
	assert_int_equal(watch.n_returned, 0);
	kernel_link_set(KERNEL_EN0, true, true, 1500);
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_ROUTING);
	assert_int_equal(watch.n_returned, 1);
	assert_int_equal(watch.returned[0], KERNEL_EN0);
	kernel_link_set(KERNEL_EN0, true, true, 1400); /* it was not away */
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_ROUTING);
	assert_int_equal(watch.n_returned, 0);
}

static void after_a_loss_the_state_is_asked_for(void **state)
{
	struct xt_link_state link;

	(void)state;
	kernel_link_set(tun->ifindex, true, true, 1380);
	assert_true(xt_watch_read(&watch, &link) & XT_WATCH_LINK);
	kernel_messages_lose();
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_LINK | XT_WATCH_ROUTING);
	assert_true(link.exists && link.up && link.was_down);
	assert_int_equal(link.mtu, 1380);
}

static void a_watch_that_cannot_open_says_so(void **state)
{
	struct xt_watch other;
	struct xt_link_state link;

	(void)state;
	kernel.fail_at = 1;
	kernel.fail_errno = EMFILE;
	assert_int_equal(xt_watch_open(&other, 1), -EMFILE);
	xt_watch_close(&other);
	assert_int_equal(xt_watch_follow(&other, 0, &link), -ENODEV);
}

/* 125/3 ns a tick, as on Apple's processors, for a year. */
static void the_clock_of_macos_counts_the_suspend(void **state)
{
	const uint64_t year = 365ull * 24 * 3600 * 24000000;

	(void)state;
	if (strcmp(XT_TESTS_SYSTEM, "darwin") == 0) {
		kernel.numer = 125;
		kernel.denom = 3;
		kernel.ticks_all = year + 24000000;
		kernel.ticks_awake = year;
		assert_int_equal(xt_clock_now().mono, (365ull * 24 * 3600 + 1) * 1000000000);
		assert_int_equal(xt_clock_suspended(), 1000000000);
		kernel.ticks_awake = kernel.ticks_all + 1;
		assert_int_equal(xt_clock_suspended(), 0);
	}
	assert_true(xt_clock_now().wall > 1600000000ull * 1000000000);
	assert_int_equal(xt_clock_watch_open(), -ENOSYS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(the_interface_is_reported), CASE(the_interface_is_reported_without_another_socket),
	  CASE(the_end_of_the_interface_is_reported), CASE(routes_and_addresses_are_routing),
	  CASE(a_request_that_failed_has_changed_nothing), CASE(a_carrier_that_comes_back_is_named),
	  CASE(after_a_loss_the_state_is_asked_for), CASE(a_watch_that_cannot_open_says_so),
	  CASE(the_clock_of_macos_counts_the_suspend))
