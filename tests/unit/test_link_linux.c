/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* Link plans on Linux, in a network namespace of the test, verified by ip(8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "unit/link_plans.h"
#include "platform/watch.h"
#include "platform/linux/tun_linux.h"

#define USER 12345

static void plan_full(struct request *request)
{
	plan_init(request);
	plan_address(request, "10.7.0.1/24", NULL);
	plan_address(request, "192.168.7.1/32", "192.168.7.2");
	plan_address(request, "fd07::1/64", NULL);
	plan_network(request, "10.7.8.0/21");
	plan_network(request, "10.7.9.77/24"); /* host bits do not matter */
	plan_network(request, "10.7.0.9/32");  /* the address covers it */
	plan_network(request, "192.168.7.2/32");
	plan_network(request, "fd07:1::/48");
	plan_network(request, "fd07::2/128");
	request->plan.mtu = 1380;
}

static struct xt_link *link_full(struct request *request)
{
	plan_full(request);
	return link_set_plan(&request->plan);
}

static void a_plan_is_done_whole_and_undone_whole(void **state)
{
	char before[NET_TEXT];
	struct request request;
	struct xt_link *link;

	(void)state;
	host_now(before);
	link = link_full(&request);
	assert_int_equal(xt_link_mtu(link), 1380);
	assert_true(ip_says("-o link show " NAME, "mtu 1380"));
	assert_true(ip_says("-o link show " NAME, ",UP"));
	assert_true(ip_says("-o addr show " NAME, "inet 10.7.0.1/24 "));
	assert_true(ip_says("-o addr show " NAME, "inet 192.168.7.1 peer 192.168.7.2/32"));
	assert_true(ip_says("-o addr show " NAME, "inet6 fd07::1/64 "));
	assert_true(ip_says("-o addr show " NAME, "nodad"));
	assert_true(ip_says("-4 route", "10.7.8.0/21 dev " NAME));
	assert_true(ip_says("-4 route", "10.7.9.0/24 dev " NAME));
	assert_false(ip_says("-4 route", "10.7.0.9"));
	assert_true(ip_says("-6 route", "fd07:1::/48 dev " NAME));
	assert_false(ip_says("-6 route", "fd07::2"));
	assert_true(ip_says("-4 route get 192.168.7.2", "src 192.168.7.1"));
	xt_link_undo(link);
	host_unchanged(before);
}

static int user_sets(void *arg)
{
	struct xt_link *link = NULL;
	char error[200];
	int rc = xt_link_set(&link, arg, error, sizeof(error));

	xt_link_undo(link);
	return -rc & 0x7f;
}

static void what_is_already_so_needs_no_rights_and_is_not_undone(void **state)
{
	char before[NET_TEXT];
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_full(&request);
	assert_int_equal(net_as_user(USER, user_sets, &request.plan), EPERM);
	link = link_set_plan(&request.plan);
	host_settled(before);
	assert_int_equal(net_as_user(USER, user_sets, &request.plan), 0);
	xt_link_undo(link_set_plan(&request.plan));
	host_unchanged(before);
	request.plan.mtu = 1381;
	assert_int_equal(net_as_user(USER, user_sets, &request.plan), EPERM);
	xt_link_undo(link);
}

static void another_table_gets_every_route_even_the_default(void **state)
{
	char before[NET_TEXT];
	struct request request;
	struct xt_link *link;

	(void)state;
	host_now(before);
	plan_init(&request);
	request.plan.table = 7007;
	plan_address(&request, "10.7.0.1/24", NULL);
	plan_address(&request, "fd07::1/64", NULL);
	plan_network(&request, "0.0.0.0/0");
	plan_network(&request, "::/0");
	plan_network(&request, "10.7.0.9/32");
	link = link_set_plan(&request.plan);
	assert_true(ip_says("-4 route show table 7007", "default dev " NAME));
	assert_true(ip_says("-6 route show table 7007", "default dev " NAME));
	assert_true(ip_says("-4 route show table 7007", "10.7.0.9 dev " NAME));
	assert_int_equal(net_as_user(USER, user_sets, &request.plan), 0);
	xt_link_undo(link);
	host_unchanged(before);
}

static void no_route_is_made_when_routes_are_off(void **state)
{
	struct request request;
	struct xt_link *link;

	(void)state;
	plan_full(&request);
	request.plan.routes = false;
	link = link_set_plan(&request.plan);
	assert_false(ip_says("-4 route", "10.7.8.0/21"));
	xt_link_undo(link);
}

static void a_failing_step_takes_the_others_back(void **state)
{
	char before[NET_TEXT];
	struct request request;

	(void)state;
	ip("route add 10.7.8.0/21 dev lo");
	host_now(before);
	plan_full(&request);
	link_refused(&request, -EEXIST, "route 10.7.8.0/21");
	host_unchanged(before);
	ip("route del 10.7.8.0/21 dev lo");
	host_now(before);
	plan_address(&request, "127.0.0.1/24", "fd07::9");
	link_refused(&request, -EINVAL, "address 127.0.0.1/24 -> fd07::9");
	host_unchanged(before);
}

static void the_most_specific_route_is_made_first(void **state)
{
	struct request request;

	(void)state;
	plan_init(&request);
	plan_network(&request, "10.8.0.0/16");
	plan_network(&request, "10.8.1.0/24");
	ip("route add 10.8.0.0/16 dev lo");
	ip("route add 10.8.1.0/24 dev lo");
	link_refused(&request, -EEXIST, "route 10.8.1.0/24");
	ip("route del 10.8.0.0/16 dev lo");
	ip("route del 10.8.1.0/24 dev lo");
}

static void an_impossible_step_is_refused_by_its_name(void **state)
{
	struct request request;

	(void)state;
	plan_init(&request);
	snprintf(request.plan.name, sizeof(request.plan.name), "platform9");
	link_refused(&request, -ENODEV, "platform9");
	plan_init(&request);
	request.plan.mtu = 70000;
	link_refused(&request, -EINVAL, "MTU 70000");
	plan_init(&request);
	plan_address(&request, "fd07::1/64", NULL);
	request.plan.mtu = 1279;
	link_refused(&request, -EINVAL, "MTU 1279");
	plan_init(&request);
	plan_network(&request, "0.0.0.0/0");
	link_refused(&request, -EINVAL, "route 0.0.0.0/0");
}

static void disabled_ipv6_is_named_with_its_sysctl(void **state)
{
	char before[NET_TEXT];
	struct request request;

	(void)state;
	net_run(before, "echo 1 > /proc/sys/net/ipv6/conf/" NAME "/disable_ipv6");
	host_now(before);
	plan_full(&request);
	link_refused(&request, -EACCES, "IPv6 is switched off");
	host_unchanged(before);
}

static void undo_after_the_interface_is_gone_is_quiet(void **state)
{
	char before[NET_TEXT];
	struct request request;
	struct xt_link *link;

	(void)state;
	link = link_full(&request);
	tun_teardown(NULL);
	host_now(before);
	xt_link_undo(link);
	host_unchanged(before);
	xt_link_undo(NULL);
	xt_link_forget(NULL);
}

static void forgetting_leaves_the_host_as_it_is(void **state)
{
	char before[NET_TEXT];
	struct request request;
	struct xt_link *link;

	(void)state;
	link = link_full(&request);
	host_settled(before);
	xt_link_forget(link);
	host_unchanged(before);
}

static uint32_t mtu_for(const char *a, const char *b)
{
	struct xt_ip endpoints[2];
	size_t n = 0;

	if (a)
		assert_int_equal(xt_ip_parse(&endpoints[n++], a), 0);
	if (b)
		assert_int_equal(xt_ip_parse(&endpoints[n++], b), 0);
	return xt_link_mtu_for(endpoints, n);
}

static void route_mtu(struct xt_link *link, const char *network, uint32_t mtu)
{
	struct xt_cidr cidr;

	assert_int_equal(xt_cidr_parse(&cidr, network), 0);
	assert_int_equal(xt_link_route_mtu(link, &cidr, 1, mtu), 0);
}

static void routes_of_the_plan_take_the_mtu_of_a_path(void **state)
{
	static char before[NET_TEXT];
	struct xt_link *link;
	struct request request;

	(void)state;
	host_now(before);
	link = link_full(&request);
	route_mtu(link, "10.7.9.200/24", 1232); /* host bits do not matter */
	assert_true(ip_says("route show dev " NAME " 10.7.9.0/24", "mtu 1232"));
	assert_true(ip_says("route get 10.7.9.5", "mtu 1232"));
	assert_false(ip_says("route show dev " NAME " 10.7.8.0/21", "mtu"));
	route_mtu(link, "fd07:1::/48", 1232); /* IPv6 takes no less */
	assert_true(ip_says("-6 route show dev " NAME " fd07:1::/48", "mtu 1280"));
	assert_false(ip_says("-6 route show dev " NAME " fd07:1::/48", "nexthop"));
	route_mtu(link, "10.7.8.0/21", 300);
	assert_true(ip_says("route show dev " NAME " 10.7.8.0/21", "mtu 552"));
	route_mtu(link, "10.7.9.0/24", 1328); /* up again */
	assert_true(ip_says("route show dev " NAME " 10.7.9.0/24", "mtu 1328"));
	route_mtu(link, "10.7.9.0/24", 1440); /* not below the interface */
	assert_false(ip_says("route show dev " NAME " 10.7.9.0/24", "mtu"));
	route_mtu(link, "10.7.8.0/21", 0);
	assert_false(ip_says("route show dev " NAME " 10.7.8.0/21", "mtu"));
	route_mtu(link, "10.7.0.9/32", 1232); /* the address covers it: no route of its own */
	route_mtu(link, "10.7.0.0/24", 1232); /* the kernel's */
	assert_false(ip_says("route show dev " NAME, "mtu"));
	xt_link_undo(link);
	host_unchanged(before);
}

static void routes_with_an_mtu_come_back_with_it(void **state)
{
	struct xt_link *link;
	struct request request;

	(void)state;
	link = link_full(&request);
	route_mtu(link, "10.7.9.0/24", 1232);
	ip("link set " NAME " down");
	ip("link set " NAME " up");
	assert_int_equal(xt_link_restore(link), 0);
	assert_true(ip_says("route show dev " NAME " 10.7.9.0/24", "mtu 1232"));
	xt_link_undo(link);
}

/* The administrator has replaced it: neither route changes. */
static void a_route_that_is_no_longer_ours_is_left(void **state)
{
	struct xt_link *link;
	struct request request;

	(void)state;
	link = link_full(&request);
	ip("link set lo up");
	ip("route replace 10.7.9.0/24 dev lo");
	ip("-6 route del fd07:1::/48 dev " NAME);
	ip("-6 route add fd07:1::/48 dev lo");
	route_mtu(link, "10.7.9.0/24", 1232);
	route_mtu(link, "fd07:1::/48", 1328);
	assert_true(ip_says("route show 10.7.9.0/24", "dev lo"));
	assert_false(ip_says("route show 10.7.9.0/24", "mtu"));
	assert_true(ip_says("-6 route show fd07:1::/48", "dev lo"));
	assert_false(ip_says("-6 route show fd07:1::/48", "mtu"));
	ip("route del 10.7.9.0/24 dev lo");
	ip("-6 route del fd07:1::/48 dev lo");
	xt_link_undo(link);
}

static void default_routes_of_a_policy_take_an_mtu(void **state)
{
	struct xt_link *link;
	struct request request;

	(void)state;
	plan_init(&request);
	plan_address(&request, "10.7.0.1/24", NULL);
	plan_network(&request, "0.0.0.0/0");
	request.plan.mtu = 1420;
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 0, true, false), 0);
	link = link_set_plan(&request.plan);
	route_mtu(link, "0.0.0.0/0", 1232);
	assert_true(ip_says("route show table all default dev " NAME, "mtu 1232"));
	route_mtu(link, "0.0.0.0/0", 0);
	assert_false(ip_says("route show table all default dev " NAME, "mtu"));
	xt_link_undo(link);
}

static void the_mtu_follows_the_smallest_route_below(void **state)
{
	const struct xt_tun_options options = {"platform1", UINT32_MAX, UINT32_MAX, false,
					       false,	    false,	0};
	struct xt_tun *below = NULL;
	struct xt_link *link;
	struct request request;

	(void)state;
	assert_int_equal(mtu_for("198.18.0.2", NULL), 1420); /* unknown: Ethernet's */
	assert_int_equal(xt_tun_open(&below, &options), 0);
	ip("link set platform1 mtu 1400 up");
	ip("addr add 198.18.0.1/24 dev platform1");
	ip("-6 addr add fd07:18::1/64 dev platform1 nodad");
	ip("route add 198.18.5.0/24 dev platform1 mtu 1300");
	ip("route add 198.18.6.0/24 dev platform1 mtu 600");
	assert_int_equal(mtu_for("198.18.0.2", NULL), 1320);
	assert_int_equal(mtu_for("fd07:18::2", NULL), 1320);
	assert_int_equal(mtu_for("198.18.5.2", NULL), 1220);
	assert_int_equal(mtu_for("198.18.0.2", "198.18.5.2"), 1220);
	assert_int_equal(mtu_for("198.18.5.2", "198.19.0.1"), 1220);
	assert_int_equal(mtu_for("198.18.6.2", NULL), 576);
	assert_int_equal(mtu_for("198.19.0.1", NULL), 1420);
	ip("route add default dev platform1 metric 100");
	assert_int_equal(mtu_for(NULL, NULL), 1320);
	ip("route add default dev platform1 metric 50 mtu 1350");
	assert_int_equal(mtu_for(NULL, NULL), 1270);

	plan_init(&request);
	plan_address(&request, "fd07::1/64", NULL);
	plan_endpoint(&request, "198.18.6.2");
	link = link_set_plan(&request.plan);
	assert_int_equal(xt_link_mtu(link), 1280); /* the least for IPv6 */
	assert_true(ip_says("-o link show " NAME, "mtu 1280"));
	xt_link_undo(link);
	below->ops->close(below);
}

static void a_route_through_the_tunnel_itself_does_not_shrink_its_mtu(void **state)
{
	struct request request;
	struct xt_link *link, *again;

	(void)state;
	plan_init(&request);
	plan_address(&request, "10.7.0.1/24", NULL);
	plan_endpoint(&request, "10.7.0.2");
	link = link_set_plan(&request.plan);
	again = link_set_plan(&request.plan);
	assert_int_equal(xt_link_mtu(link), 1420);
	assert_int_equal(xt_link_mtu(again), 1420);
	xt_link_undo(again);
	xt_link_undo(link);
}

/* 1: the link has changed, 0: something else has, -1: nothing in a second */
static int watch_wait(struct xt_watch *watch, struct xt_link_state *now)
{
	struct pollfd p = {.fd = watch->fd, .events = POLLIN};

	if (poll(&p, 1, 1000) != 1)
		return -1;
	return (xt_watch_read(watch, now) & XT_WATCH_LINK) != 0;
}

static void the_watch_sees_changes_renames_and_the_end(void **state)
{
	struct xt_link_state now;
	struct xt_watch watch;

	(void)state;
	assert_int_equal(xt_watch_open(&watch, tun->ifindex), 0);
	assert_int_equal(xt_watch_read(&watch, &now), 0);
	ip("link set lo down");
	assert_int_equal(watch_wait(&watch, &now), 0); /* another interface */
	ip("link set lo up");
	ip("link set " NAME " mtu 1234");
	assert_int_equal(watch_wait(&watch, &now), 1);
	assert_true(now.exists && !now.up);
	assert_int_equal(now.mtu, 1234);
	ip("link set " NAME " up");
	assert_int_equal(watch_wait(&watch, &now), 1);
	assert_true(now.up);
	ip("link set " NAME " down");
	ip("link set " NAME " name platform7");
	assert_int_equal(watch_wait(&watch, &now), 1);
	assert_true(now.exists && !now.up);
	assert_string_equal(now.name, "platform7");
	tun_teardown(NULL);
	assert_int_equal(watch_wait(&watch, &now), 1);
	assert_false(now.exists);
	assert_false(now.moved);
	xt_watch_close(&watch);
}

static void the_watch_survives_lost_messages(void **state)
{
	struct xt_link_state now;
	struct xt_watch watch;
	int least = 1;
	char text[NET_TEXT];

	(void)state;
	assert_int_equal(xt_watch_open(&watch, tun->ifindex), 0);
	setsockopt(watch.fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	net_run(text, "for i in 1 2 3 4 5 6 7 8 9; do ip link set " NAME " mtu 130$i; done");
	assert_int_equal(watch_wait(&watch, &now), 1);
	assert_true(now.exists);
	assert_int_equal(now.mtu, 1309);
	assert_string_equal(now.name, NAME);
	xt_watch_close(&watch);
}

static void an_interface_that_moves_away_is_told_from_a_deleted_one(void **state)
{
	struct xt_link_state now;
	struct xt_watch watch;
	int hold[2];
	pid_t pid;
	char command[64], text[NET_TEXT], byte;

	(void)state;
	assert_int_equal(xt_watch_open(&watch, tun->ifindex), 0);
	assert_int_equal(pipe(hold), 0);
	pid = fork();
	if (pid == 0) {
		byte = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
		close(tun_linux_fd(tun));
		_exit(write(hold[1], &byte, 1) == 1 ? (pause(), 0) : 1);
	}
	assert_int_equal(read(hold[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	snprintf(command, sizeof(command), "link set " NAME " netns %d", (int)pid);
	ip(command);
	assert_int_equal(watch_wait(&watch, &now), 1);
	assert_false(now.exists);
	assert_true(now.moved);
	xt_watch_close(&watch);
	assert_int_equal(xt_watch_follow(&watch, tun_linux_fd(tun), &now), 0);
	assert_true(now.exists);
	assert_string_equal(now.name, NAME);
	net_run(text, "nsenter -t %d -n ip link set " NAME " mtu 1333", (int)pid);
	assert_int_equal(watch_wait(&watch, &now), 1);
	assert_int_equal(now.mtu, 1333);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(hold[0]);
	close(hold[1]);
	xt_watch_close(&watch);
}

#define LINK_TEST(f) cmocka_unit_test_setup_teardown(f, tun_setup, tun_teardown)

NET_TEST_MAIN(LINK_TEST(a_plan_is_done_whole_and_undone_whole),
	      LINK_TEST(what_is_already_so_needs_no_rights_and_is_not_undone),
	      LINK_TEST(another_table_gets_every_route_even_the_default),
	      LINK_TEST(no_route_is_made_when_routes_are_off),
	      LINK_TEST(a_failing_step_takes_the_others_back),
	      LINK_TEST(the_most_specific_route_is_made_first),
	      LINK_TEST(an_impossible_step_is_refused_by_its_name),
	      LINK_TEST(disabled_ipv6_is_named_with_its_sysctl),
	      LINK_TEST(undo_after_the_interface_is_gone_is_quiet),
	      LINK_TEST(forgetting_leaves_the_host_as_it_is),
	      LINK_TEST(routes_of_the_plan_take_the_mtu_of_a_path),
	      LINK_TEST(routes_with_an_mtu_come_back_with_it),
	      LINK_TEST(a_route_that_is_no_longer_ours_is_left),
	      LINK_TEST(default_routes_of_a_policy_take_an_mtu),
	      LINK_TEST(the_mtu_follows_the_smallest_route_below),
	      LINK_TEST(a_route_through_the_tunnel_itself_does_not_shrink_its_mtu),
	      LINK_TEST(the_watch_sees_changes_renames_and_the_end),
	      LINK_TEST(the_watch_survives_lost_messages),
	      LINK_TEST(an_interface_that_moves_away_is_told_from_a_deleted_one))
