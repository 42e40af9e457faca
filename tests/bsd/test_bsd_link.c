/* SPDX-License-Identifier: MIT */
/* Link plans on macOS, FreeBSD and OpenBSD, over a kernel of the tests: what is made, that it is
 * undone in full, also after an error of any request, and that routes to endpoints follow the
 * gateway. Built once for each system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bsd/plans.h"
#include "platform/wake.h"
#include "platform/watch.h"
#include "test_main.h"

#define ALL	  "10.7.0.1/24 10.8.0.1/32>10.8.0.2 fd07::1/64", "10.9.0.0/16 fd07:1::/48 10.7.0.9/32"
#define ENDPOINTS "198.18.0.2 fd00::2 192.168.1.77"
#define FULL	  "10.7.0.1/24 fd07::1/64", "0.0.0.0/0 ::/0"

static struct xt_tun *tun;
static char before[KERNEL_TEXT];

static int setup(void **state)
{
	(void)state;
	kernel_reset();
	tun = tun_make();
	kernel_print(before);
	return 0;
}

/* Nothing is left open, and the interface goes with its device. */
static int teardown(void **state)
{
	(void)state;
	tun->ops->close(tun);
	return (int)kernel_open_count();
}

static void host_is(const char *wanted)
{
	char text[KERNEL_TEXT];

	kernel_print(text);
	assert_string_equal(text, wanted);
}

/* NAME stands for the interface's name in line. */
static bool host_has(const char *line)
{
	char text[1 + KERNEL_TEXT], full[200];
	const char *at = strstr(line, "NAME");

	kernel_print(text + 1);
	text[0] = '\n';
	if (at)
		snprintf(full, sizeof(full), "\n%.*s%s%s\n", (int)(at - line), line, TUN_NAME,
			 at + 4);
	else
		snprintf(full, sizeof(full), "\n%s\n", line);
	return strstr(text, full) != NULL;
}

static struct xt_link *link_make(const struct request *request)
{
	struct xt_link *link = NULL;
	char error[200] = "";

	if (xt_link_set(&link, &request->plan, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	return link;
}

static void a_plan_is_made_and_undone(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_fill(&request, ALL, ENDPOINTS);
	request.plan.mtu = 1400;
	link = link_make(&request);
	assert_true(host_has("link NAME up mtu 1400"));
	assert_true(host_has("address NAME 10.7.0.1/24 -> 10.7.0.1"));
	assert_true(host_has("address NAME 10.8.0.1/32 -> 10.8.0.2"));
	assert_true(host_has("address NAME fd07::1/64"));
	assert_true(host_has("route 10.7.0.0/24 NAME")); /* which no kernel makes of a pair */
	assert_true(host_has("route 10.8.0.2/32 NAME"));
	assert_true(host_has("route fd07::/64 NAME"));
	assert_true(host_has("route 10.9.0.0/16 NAME"));
	assert_true(host_has("route fd07:1::/48 NAME"));
	assert_false(host_has("route 10.7.0.9/32 NAME"));		  /* covered */
	assert_false(host_has("route 198.18.0.2/32 en0 by 192.168.1.1")); /* nothing catches it */
	assert_int_equal(xt_link_mtu(link), 1400);
	xt_link_undo(link);
	host_is(before);
}

static void a_whole_family_goes_by_halves_and_endpoints_round_them(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_fill(&request, FULL, ENDPOINTS);
	link = link_make(&request);
	assert_true(host_has("route 0.0.0.0/1 NAME"));
	assert_true(host_has("route 128.0.0.0/1 NAME"));
	assert_true(host_has("route ::/1 NAME"));
	assert_true(host_has("route 8000::/1 NAME"));
	assert_true(host_has("route 0.0.0.0/0 en0 by 192.168.1.1")); /* the host's own stays */
	assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.1"));
	assert_true(host_has("route fd00::2/128 en0 by fd00:1::1"));
	assert_false(host_has("route 192.168.1.77/32 en0")); /* its network is more specific */
	xt_link_undo(link);
	host_is(before);
}

static void without_routes_no_endpoint_has_one(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_fill(&request, FULL, ENDPOINTS);
	request.plan.routes = false;
	link = link_make(&request);
	assert_false(host_has("route 198.18.0.2/32 en0 by 192.168.1.1"));
	assert_false(host_has("route 0.0.0.0/1 NAME"));
	xt_link_undo(link);
	host_is(before);
}

/* The first request fails, then the second, until none does. */
static unsigned every_request_fails(const struct request *request)
{
	for (unsigned n = 1; n < 200; n++) {
		struct xt_link *link = NULL;
		char error[200] = "";
		int rc;

		kernel.fail_at = n;
		kernel.fail_errno = EPERM;
		rc = xt_link_set(&link, &request->plan, error, sizeof(error));
		if (kernel.fail_at > 0) { /* there were fewer requests */
			kernel.fail_at = 0;
			assert_int_equal(rc, 0);
			xt_link_undo(link);
			host_is(before);
			return n;
		}
		if (rc == 0) { /* a question whose answer may be missing */
			xt_link_undo(link);
		} else {
			assert_int_equal(rc, -EPERM);
			assert_string_not_equal(error, "");
		}
		host_is(before);
	}
	fail();
	return 0;
}

static void after_an_error_of_any_request_the_host_is_as_before(void **state)
{
	struct request request;

	(void)state;
	plan_fill(&request, ALL, ENDPOINTS);
	assert_true(every_request_fails(&request) > 15);
	plan_fill(&request, FULL, ENDPOINTS);
	assert_true(every_request_fails(&request) > 20);
}

static void what_is_there_already_stays_when_the_plan_is_undone(void **state)
{
	struct request request;
	struct xt_link *link;
	char mine[KERNEL_TEXT];

	(void)state;
	kernel_route_set("10.9.0.0/16", NULL, tun->ifindex);
	kernel_route_set("198.18.0.2/32", "192.168.1.9", KERNEL_EN0);
	kernel_print(mine);
	plan_fill(&request, "10.7.0.1/24", "10.9.0.0/16 0.0.0.0/0", "198.18.0.2");
	link = link_make(&request);
	assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.9"));
	xt_link_undo(link);
	host_is(mine);
}

/* The host is in a network of the same numbers as the tunnel's. */
static void the_route_of_another_link_stays_when_the_address_goes(void **state)
{
	struct xt_link *link = NULL;
	struct request request;
	char error[200] = "";

	(void)state;
	plan_fill(&request, "192.168.1.200/24 fd00:1::200/64", "10.9.0.0/16", "");
	link = link_make(&request);
	xt_link_undo(link);
	host_is(before);

	/* also where the plan fails because of it */
	plan_fill(&request, "192.168.1.200/24", "192.168.1.0/24", "");
	assert_int_equal(xt_link_set(&link, &request.plan, error, sizeof(error)), -EEXIST);
	host_is(before);
}

static void a_second_half_that_is_taken_takes_the_first_back(void **state)
{
	struct xt_link *link = NULL;
	struct request request;
	char error[200] = "", mine[KERNEL_TEXT];

	(void)state;
	kernel_route_set("128.0.0.0/1", "192.168.1.9", KERNEL_EN0);
	kernel_print(mine);
	plan_fill(&request, "10.7.0.1/24", "0.0.0.0/0", "");
	assert_int_equal(xt_link_set(&link, &request.plan, error, sizeof(error)), -EEXIST);
	assert_non_null(strstr(error, "0.0.0.0/0"));
	host_is(mine);
}

/* --- follow --- */

static void routes_to_endpoints_follow_the_gateway(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_fill(&request, FULL, "198.18.0.2");
	link = link_make(&request);
	kernel_route_set("0.0.0.0/0", "192.168.1.254", KERNEL_EN0);
	assert_int_equal(xt_link_follow(link), 0);
	assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.254"));
	assert_false(host_has("route 198.18.0.2/32 en0 by 192.168.1.1"));

	/* no network */
	kernel_route_set("0.0.0.0/0", NULL, 0);
	assert_int_equal(xt_link_follow(link), 0);
	assert_false(host_has("route 198.18.0.2/32 en0 by 192.168.1.254"));

	/* another link */
	kernel_link_set(KERNEL_EN1, true, true, 1500);
	kernel_route_set("172.16.0.0/16", NULL, KERNEL_EN1);
	kernel_route_set("0.0.0.0/0", "172.16.0.1", KERNEL_EN1);
	assert_int_equal(xt_link_follow(link), 0);
	assert_true(host_has("route 198.18.0.2/32 en1 by 172.16.0.1"));

	/* the kernel has removed it together with its link */
	kernel_route_set("198.18.0.2/32", NULL, 0);
	kernel_route_set("0.0.0.0/0", "192.168.1.1", KERNEL_EN0);
	assert_int_equal(xt_link_follow(link), 0);
	assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.1"));
	kernel_route_set("172.16.0.0/16", NULL, 0);
	kernel_link_set(KERNEL_EN1, false, false, 9000);
	xt_link_undo(link);
	host_is(before);
}

/* A request that fails is reported to every routing socket of the host. */
static void routes_that_need_not_follow_are_left_alone(void **state)
{
	struct xt_watch watch;
	struct request request;
	struct xt_link *link;
	uint8_t message[2048];

	(void)state;
	plan_fill(&request, FULL, "198.18.0.2 198.18.0.3 fd00::2");
	link = link_make(&request);
	assert_int_equal(xt_watch_open(&watch, tun->ifindex), 0);
	assert_int_equal(xt_link_follow(link), 0);
	assert_true(recv(watch.fd, message, sizeof(message), MSG_DONTWAIT) < 0); /* nothing */
	xt_watch_close(&watch);
	xt_link_undo(link);
	host_is(before);
}

/* All of its processes were killed: the interface went with them, the host routes did not. */
static void routes_of_an_instance_that_was_killed_are_taken_over(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_fill(&request, FULL, ENDPOINTS);
	xt_link_release(link_make(&request));
	tun->ops->close(tun);
	tun = tun_make();
	assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.1"));
	link = link_make(&request);
	kernel_route_set("0.0.0.0/0", "192.168.1.254", KERNEL_EN0);
	assert_int_equal(xt_link_follow(link), 0);
	assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.254"));
	kernel_route_set("0.0.0.0/0", "192.168.1.1", KERNEL_EN0);
	xt_link_undo(link);
	host_is(before);
}

/* As where a cable is pulled, and the host has the next network before anyone looks. */
static void a_route_that_the_kernel_has_dropped_is_not_changed_but_made(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_fill(&request, FULL, "198.18.0.2");
	link = link_make(&request);
	kernel_route_set("198.18.0.2/32", NULL, 0);
	kernel_route_set("0.0.0.0/0", "192.168.1.254", KERNEL_EN0);
	assert_int_equal(xt_link_follow(link), 0);
	assert_true(
	    host_has("route 128.0.0.0/1 NAME")); /* it would be the next less specific one */
	assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.254"));

	/* the same gateway again */
	kernel_route_set("198.18.0.2/32", NULL, 0);
	assert_int_equal(xt_link_follow(link), 0);
	assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.254"));
	kernel_route_set("0.0.0.0/0", "192.168.1.1", KERNEL_EN0);
	xt_link_undo(link);
	host_is(before);
}

/* Else IPv6 would leave beside the tunnel, or no tunnel would be up at all. */
static void a_family_without_an_address_is_routed(void **state)
{
	struct request request;
	struct xt_link *link;
	char error[200] = "";

	(void)state;
	plan_fill(&request, "10.7.0.1/24", "0.0.0.0/0 ::/0", "");
	link = link_make(&request);
	assert_true(host_has("route ::/1 NAME"));
	assert_true(host_has("route 8000::/1 NAME"));
	xt_link_undo(link);
	assert_false(host_has("route ::/1 NAME"));
	plan_fill(&request, "fd07::1/64", "0.0.0.0/0", "");
	kernel_print(before);
	if (xt_link_set(&link, &request.plan, error, sizeof(error)) == 0) {
		assert_true(host_has("route 0.0.0.0/1 NAME"));
		xt_link_undo(link);
	} else {
		assert_string_not_equal(error, ""); /* there is no such address of IPv4 */
	}
	host_is(before);
}

/* What a router announces of itself is its link-local address. */
static void a_gateway_of_ipv6_is_link_local(void **state)
{
	struct request request;
	struct xt_link *link;
	char mine[KERNEL_TEXT];

	(void)state;
	kernel_route_set("::/0", "fe80::1", KERNEL_EN0);
	kernel_print(mine);
	plan_fill(&request, FULL, "fd00::2");
	link = link_make(&request);
	assert_true(host_has("route fd00::2/128 en0 by fe80::1"));
	kernel_link_set(KERNEL_EN1, true, true, 9000);
	kernel_route_set("::/0", "fe80::1", KERNEL_EN1); /* the same address on another link */
	assert_int_equal(xt_link_follow(link), 0);
	assert_true(host_has("route fd00::2/128 en1 by fe80::1"));
	kernel_route_set("::/0", "fe80::1", KERNEL_EN0);
	kernel_link_set(KERNEL_EN1, false, false, 9000);
	xt_link_undo(link);
	host_is(mine);
}

static void a_follow_that_fails_is_made_good_by_the_next(void **state)
{
	struct request request;
	struct xt_link *link;
	unsigned n;

	(void)state;
	plan_fill(&request, FULL, ENDPOINTS);
	for (n = 1; n < 30; n++) {
		int rc;

		link = link_make(&request);
		kernel_route_set("0.0.0.0/0", "192.168.1.254", KERNEL_EN0);
		kernel.fail_at = n;
		kernel.fail_errno = EPERM;
		rc = xt_link_follow(link);
		if (kernel.fail_at == 0)
			assert_int_equal(rc, -EPERM);
		else
			assert_int_equal(rc, 0);
		rc = kernel.fail_at > 0;
		kernel.fail_at = 0;
		assert_int_equal(xt_link_follow(link), 0);
		assert_true(host_has("route 198.18.0.2/32 en0 by 192.168.1.254"));
		xt_link_undo(link);
		kernel_route_set("0.0.0.0/0", "192.168.1.1", KERNEL_EN0);
		host_is(before);
		if (rc)
			break;
	}
	assert_true(n > 4 && n < 30);
}

static void without_a_program_the_routes_to_endpoints_go(void **state)
{
	struct request request;

	(void)state;
	plan_fill(&request, FULL, ENDPOINTS);
	xt_link_forget(link_make(&request));
	assert_false(host_has("route 198.18.0.2/32 en0 by 192.168.1.1"));
	assert_true(host_has("route 0.0.0.0/1 NAME")); /* goes with the interface */
}

static void another_process_undoes_what_was_made(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_fill(&request, FULL, ENDPOINTS);
	xt_link_release(link_make(&request));
	assert_int_equal(xt_link_adopt(&link, &request.plan, 1420), 0);
	xt_link_undo(link);
	assert_false(host_has("route 198.18.0.2/32 en0 by 192.168.1.1"));
	assert_false(host_has("route 0.0.0.0/1 NAME"));
	assert_false(host_has("address NAME 10.7.0.1/24 -> 10.7.0.1"));
}

/* --- from one plan to another --- */

struct change {
	const char *addresses, *networks, *endpoints;
};
static const struct change changes[][2] = {
    {{"10.7.0.1/24", "10.9.0.0/16", ""}, {"10.7.0.1/24", "10.9.0.0/16 10.10.0.0/16", ""}},
    {{"10.7.0.1/24", "10.9.0.0/16", ""}, {"10.7.0.2/24 fd07::1/64", "fd07:1::/48", ""}},
    {{"10.7.0.1/24", "10.9.0.0/16", "198.18.0.2"}, {FULL, "198.18.0.2"}},
    {{FULL, "198.18.0.2"}, {FULL, "198.18.0.3 fd00::2"}},
    {{FULL, "198.18.0.2 fd00::2"}, {"10.7.0.1/24", "10.9.0.0/16", "198.18.0.2"}},
};

static void change_plans(const struct change pair[2], struct request requests[2])
{
	for (unsigned i = 0; i < 2; i++)
		plan_fill(&requests[i], pair[i].addresses, pair[i].networks, pair[i].endpoints);
}

static void a_change_leads_to_what_a_fresh_start_makes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct request requests[2];
		struct xt_link_edit *edit;
		struct xt_link *link;
		char wanted[KERNEL_TEXT], error[200] = "";

		change_plans(changes[i], requests);
		link = link_make(&requests[1]);
		kernel_print(wanted);
		xt_link_undo(link);
		link = link_make(&requests[0]);
		assert_int_equal(
		    xt_link_extend(&edit, link, &requests[1].plan, true, error, sizeof(error)), 0);
		assert_int_equal(xt_link_retire(edit, error, sizeof(error)), 0);
		xt_link_commit(edit);
		host_is(wanted);
		xt_link_undo(link);
		host_is(before);
	}
}

/* One change with request n failing. true: there were fewer requests. */
static bool change_fails(const struct request requests[2], unsigned n)
{
	char first[KERNEL_TEXT], error[200] = "";
	struct xt_link *link = link_make(&requests[0]);
	struct xt_link_edit *edit = NULL;
	bool fewer;
	int rc;

	kernel_print(first);
	kernel.fail_at = n;
	kernel.fail_errno = EPERM;
	rc = xt_link_extend(&edit, link, &requests[1].plan, true, error, sizeof(error));
	if (rc == 0) {
		rc = xt_link_retire(edit, error, sizeof(error));
		fewer = kernel.fail_at > 0;
		kernel.fail_at = 0;
		if (rc < 0)
			xt_link_revert(edit);
		else
			xt_link_commit(edit);
	} else {
		fewer = kernel.fail_at > 0;
	}
	if (rc < 0)
		host_is(first);
	xt_link_undo(link);
	host_is(before);
	return fewer;
}

static void a_change_that_fails_leaves_the_host_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct request requests[2];
		unsigned n = 1;

		change_plans(changes[i], requests);
		while (!change_fails(requests, n))
			n++;
		assert_true(n > 8);
	}
}

static void what_the_kernel_has_dropped_is_made_again(void **state)
{
	struct request request;
	struct xt_link *link;
	char wanted[KERNEL_TEXT];

	(void)state;
	plan_fill(&request, FULL, ENDPOINTS);
	link = link_make(&request);
	kernel_print(wanted);
	kernel_route_set("0.0.0.0/1", NULL, 0);
	kernel_route_set("128.0.0.0/1", NULL, 0);
	kernel_route_set("::/1", NULL, 0);
	kernel_route_set("8000::/1", NULL, 0);
	kernel_route_set("198.18.0.2/32", NULL, 0);
	assert_int_equal(xt_link_restore(link), 0);
	host_is(wanted);
	xt_link_undo(link);
	host_is(before);
}

static void a_route_gets_the_mtu_of_its_path(void **state)
{
	struct xt_cidr network = {{4, {10, 9, 0, 0}}, 16};
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_fill(&request, "10.7.0.1/24", "10.9.0.0/16", "");
	link = link_make(&request);
	assert_int_equal(xt_link_route_mtu(link, &network, 1, 1300), 0);
	assert_true(host_has("route 10.9.0.0/16 NAME mtu 1300"));
	assert_int_equal(xt_link_route_mtu(link, &network, 1, 0), 0);
	assert_true(host_has("route 10.9.0.0/16 NAME"));
	xt_link_undo(link);
	host_is(before);
}

/* --- questions --- */

static void the_mtu_is_that_of_the_way_to_the_endpoint(void **state)
{
	struct xt_ip endpoints[] = {{4, {198, 18, 0, 2}}};

	(void)state;
	assert_int_equal(xt_link_mtu_for(endpoints, 1), 1420);
	kernel_link_set(KERNEL_EN1, true, true, 1300);
	kernel_route_set("198.18.0.0/15", "192.168.1.2", KERNEL_EN1);
	assert_int_equal(xt_link_mtu_for(endpoints, 1), 1220);
	assert_int_equal(xt_link_mtu_for(NULL, 0), 1420);
	kernel_link_set(KERNEL_EN0, true, true, 600);
	assert_int_equal(xt_link_mtu_for(NULL, 0), 576);
	assert_int_equal(xt_link_mtu_set(KERNEL_EN0, 1500), 0);
	assert_int_equal(xt_link_mtu_set(99, 1500), -ENODEV);
}

static void addresses_and_networks_are_listed(void **state)
{
	struct xt_link_connected *connected;
	struct xt_link_address *addresses;
	struct request request;
	struct xt_link *link;
	size_t n;

	(void)state;
	plan_fill(&request, ALL, "");
	link = link_make(&request);
	kernel.list_short = 3; /* the list grows under the reader's hands */
	assert_int_equal(xt_link_addresses(TUN_NAME, &addresses, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(addresses[0].cidr.bits, 24);
	assert_int_equal(addresses[0].peer.family, 0);
	assert_int_equal(addresses[1].peer.b[3], 2);
	assert_int_equal(addresses[2].cidr.bits, 64);
	free(addresses);
	assert_int_equal(xt_link_addresses("none", &addresses, &n), -ENODEV);
	assert_int_equal(xt_link_connected(TUN_NAME, &connected, &n), 0);
	assert_int_equal(n, 3); /* lo0, and two of en0 */
	assert_int_equal(connected[1].ifindex, KERNEL_EN0);
	assert_int_equal(connected[1].network.ip.b[3], 0);
	free(connected);
	kernel.list_short = 100;
	assert_int_equal(xt_link_addresses(TUN_NAME, &addresses, &n), -EAGAIN);
	kernel.list_short = 0;
	xt_link_undo(link);
}

static void the_way_to_an_endpoint_is_asked_of_the_kernel(void **state)
{
	struct xt_endpoint to = {{4, {198, 18, 0, 2}}, 51820, 0};
	struct xt_ip source;
	uint32_t link;

	(void)state;
	assert_true(xt_link_way(&to, 0, &source, &link));
	assert_int_equal(link, KERNEL_EN0);
	assert_int_equal(source.b[3], 10);
	kernel_route_set("0.0.0.0/0", NULL, 0);
	assert_false(xt_link_way(&to, 0, &source, &link));
	kernel_route_set("0.0.0.0/0", "192.168.1.1", KERNEL_EN0);
	kernel.fail_at = 2; /* the question */
	kernel.fail_errno = EPERM;
	assert_false(xt_link_way(&to, 0, &source, &link));
	kernel.answers_lost = true;
	assert_false(xt_link_way(&to, 0, &source, &link)); /* after a while, and not for ever */
}

static void there_are_no_marks_and_no_tables(void **state)
{
	struct xt_link_policy policy = {.table = 7};
	struct request request;
	struct xt_link *link = NULL;
	char error[200] = "";

	(void)state;
	assert_int_equal(xt_link_policy_choose(&policy, TUN_NAME, 0, true, true), 0);
	assert_int_equal(policy.table, 0);
	plan_fill(&request, "10.7.0.1/24", "10.9.0.0/16", "");
	request.plan.table = 100;
	assert_int_equal(xt_link_set(&link, &request.plan, error, sizeof(error)), -EOPNOTSUPP);
	host_is(before);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(a_plan_is_made_and_undone),
	  CASE(a_whole_family_goes_by_halves_and_endpoints_round_them),
	  CASE(without_routes_no_endpoint_has_one),
	  CASE(after_an_error_of_any_request_the_host_is_as_before),
	  CASE(what_is_there_already_stays_when_the_plan_is_undone),
	  CASE(the_route_of_another_link_stays_when_the_address_goes),
	  CASE(a_second_half_that_is_taken_takes_the_first_back),
	  CASE(routes_to_endpoints_follow_the_gateway),
	  CASE(a_route_that_the_kernel_has_dropped_is_not_changed_but_made),
	  CASE(routes_of_an_instance_that_was_killed_are_taken_over),
	  CASE(a_family_without_an_address_is_routed), CASE(a_gateway_of_ipv6_is_link_local),
	  CASE(a_follow_that_fails_is_made_good_by_the_next),
	  CASE(without_a_program_the_routes_to_endpoints_go),
	  CASE(another_process_undoes_what_was_made),
	  CASE(a_change_leads_to_what_a_fresh_start_makes),
	  CASE(a_change_that_fails_leaves_the_host_as_it_was),
	  CASE(what_the_kernel_has_dropped_is_made_again), CASE(a_route_gets_the_mtu_of_its_path),
	  CASE(the_mtu_is_that_of_the_way_to_the_endpoint), CASE(addresses_and_networks_are_listed),
	  CASE(the_way_to_an_endpoint_is_asked_of_the_kernel),
	  CASE(there_are_no_marks_and_no_tables), CASE(routes_that_need_not_follow_are_left_alone))
