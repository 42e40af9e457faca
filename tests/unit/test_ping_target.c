/* SPDX-License-Identifier: MIT */
/* layers: cli */
/* The target of a ping: by Name, key and inner address. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "daemon/ping_target.h"
#include "test_main.h"

static struct xt_cidr allowed[5];
static struct xt_peer_report peers[3];
static struct xt_report report = {.peers = peers, .n_peers = 3, .allowed = allowed, .n_allowed = 5};

/* right: 10.7.0.2/32 and fd07::2/128; office: 10.0.0.0/8 and 192.168.7.9/32, no endpoint;
 * a peer without a Name: fd07::/48. */
static int setup(void **state)
{
	static const char *const nets[] = {"10.7.0.2/32", "fd07::2/128", "10.0.0.0/8",
					   "192.168.7.9/32", "fd07::/48"};
	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(xt_cidr_parse(&allowed[i], nets[i]), 0);
	memset(peers, 0, sizeof(peers));
	for (size_t i = 0; i < 3; i++) {
		memset(peers[i].key.b, (int)i + 1, sizeof(peers[i].key.b));
		peers[i].n_allowed = i < 2 ? 2 : 1;
		peers[i].first_allowed = 2 * i;
		peers[i].endpoint.ip.family = 4;
	}
	peers[1].endpoint.ip.family = 0;
	strcpy(peers[0].name, "right");
	strcpy(peers[1].name, "office");
	return 0;
}

static struct xt_ping_target target;

static const char *target_find(const char *word)
{
	return xt_ping_target(&target, &report, word, true, true);
}

static void expect(const char *word, size_t peer, const char *address)
{
	char text[XT_IP_TEXT];

	assert_null(target_find(word));
	assert_ptr_equal(target.peer, &peers[peer]);
	assert_string_equal(xt_ip_print(&target.address, text), address);
}

static void a_name_means_the_peers_first_host(void **state)
{
	(void)state;
	expect("right", 0, "10.7.0.2");
	assert_null(xt_ping_target(&target, &report, "right", false, true));
	assert_int_equal(target.address.family, 6);
}

static void a_key_means_the_same(void **state)
{
	char key[XT_KEY_BASE64];

	(void)state;
	xt_key_to_base64(key, peers[0].key.b);
	expect(key, 0, "10.7.0.2");
	key[0] ^= 1;
	assert_non_null(target_find(key));
}

static void the_beginning_of_a_key_is_enough_if_it_is_unique(void **state)
{
	char key[XT_KEY_BASE64];

	(void)state;
	xt_key_to_base64(key, peers[0].key.b);
	key[8] = '\0';
	expect(key, 0, "10.7.0.2");
	key[4] = '\0';
	expect(key, 0, "10.7.0.2");
	key[3] = '\0';
	assert_non_null(strstr(target_find(key), "no peer has"));
	memcpy(peers[1].key.b, peers[0].key.b, 6);
	xt_key_to_base64(key, peers[0].key.b);
	key[8] = '\0';
	assert_non_null(strstr(target_find(key), "several"));
	memset(peers[1].key.b, 2, 6);
}

static void a_peer_with_networks_only_is_pinged_where_it_was_heard(void **state)
{
	(void)state;
	strcpy(peers[2].name, "net");
	assert_non_null(strstr(target_find("net"), "heard"));
	assert_int_equal(xt_ip_parse(&peers[2].heard6, "fd07::77"), 0);
	expect("net", 2, "fd07::77");
	assert_non_null(xt_ping_target(&target, &report, "net", true, false));
	assert_int_equal(xt_ip_parse(&peers[2].heard6, "fd07::2"), 0); /* now of another peer */
	assert_non_null(target_find("net"));
	peers[2].heard6.family = 0;
	*peers[2].name = '\0';
}

static void an_address_goes_to_the_most_specific_network(void **state)
{
	(void)state;
	expect("10.7.0.2", 0, "10.7.0.2");
	expect("fd07::2", 0, "fd07::2");
	expect("fd07::3", 2, "fd07::3");
	assert_non_null(target_find("10.7.0.3")); /* office, which has no endpoint */
	assert_ptr_equal(target.peer, &peers[1]);
	assert_non_null(strstr(target_find("10.7.0.3"), "endpoint"));
}

static void a_target_that_cannot_be_pinged_is_refused_with_a_reason(void **state)
{
	char key[XT_KEY_BASE64];

	(void)state;
	assert_non_null(strstr(target_find("left"), "no peer has"));
	assert_non_null(strstr(target_find(""), "no peer has")); /* not the peer without a Name */
	assert_non_null(strstr(target_find("172.16.0.1"), "cover"));
	xt_key_to_base64(key, peers[2].key.b);
	assert_non_null(strstr(target_find(key), "no single host"));
	assert_non_null(xt_ping_target(&target, &report, "right", false, false));
	assert_non_null(xt_ping_target(&target, &report, "fd07::2", true, false));
}

static void a_peer_is_found_whether_it_can_be_pinged_or_not(void **state)
{
	const struct xt_peer_report *found = NULL;
	char key[XT_KEY_BASE64];

	(void)state;
	assert_null(xt_ping_peer(&found, &report, "office"));
	assert_ptr_equal(found, &peers[1]); /* no endpoint */
	xt_key_to_base64(key, peers[2].key.b);
	assert_null(xt_ping_peer(&found, &report, key));
	assert_ptr_equal(found, &peers[2]); /* no single host */
	assert_null(xt_ping_peer(&found, &report, "10.7.0.2"));
	assert_ptr_equal(found, &peers[0]);
	assert_non_null(strstr(xt_ping_peer(&found, &report, "left"), "no peer has"));
	assert_non_null(strstr(xt_ping_peer(&found, &report, "172.16.0.1"), "cover"));
}

GROUP_TEST_MAIN(setup, NULL, cmocka_unit_test(a_name_means_the_peers_first_host),
		cmocka_unit_test(a_key_means_the_same),
		cmocka_unit_test(the_beginning_of_a_key_is_enough_if_it_is_unique),
		cmocka_unit_test(a_peer_with_networks_only_is_pinged_where_it_was_heard),
		cmocka_unit_test(an_address_goes_to_the_most_specific_network),
		cmocka_unit_test(a_target_that_cannot_be_pinged_is_refused_with_a_reason),
		cmocka_unit_test(a_peer_is_found_whether_it_can_be_pinged_or_not))
