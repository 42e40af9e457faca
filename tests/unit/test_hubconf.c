/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* What a new peer of a hub gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "config/conf.h"
#include "config/hubconf.h"
#include "crypto/dh.h"
#include "test_main.h"

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="

#define HUB                                                                                        \
	"[Interface]\nPrivateKey = " KEY_B "\nListenPort = 1\nMTU = 1300\n"                        \
	"Address = 10.7.0.1/24, fd07::1/64\n\n[Peer]\nPublicKey = " KEY_A                          \
	"\nAllowedIPs = 10.7.0.2/32, fd07::2/127\n"

static void conf_read(struct xt_conf *conf, const char *text)
{
	struct xt_conf_diagnostics diagnostics = {0};

	assert_int_equal(xt_conf_parse(conf, "hub", text, strlen(text), &diagnostics), 0);
	xt_conf_diagnostics_clear(&diagnostics);
}

/* Of a hub with that text, and of disabled peers. */
static int peer_choose(struct xt_hubconf *peer, const char *text, const char *disabled_text,
		       struct xt_cidr *full)
{
	struct xt_conf hub, disabled;
	struct xt_cidr *used;
	size_t n;
	int rc;

	conf_read(&hub, text);
	conf_read(&disabled, disabled_text);
	assert_int_equal(xt_hubconf_used(&hub, &disabled, &used, &n), 0);
	rc = xt_hubconf_choose(peer, &hub, used, n, full);
	free(used);
	xt_conf_clear(&hub);
	xt_conf_clear(&disabled);
	return rc;
}

static void a_peer_gets_an_address_of_each_network(void **state)
{
	struct xt_hubconf peer = {0};
	struct xt_cidr full;
	char text[XT_CIDR_TEXT];
	(void)state;

	assert_int_equal(peer_choose(&peer, HUB,
				     "[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = 10.7.0.3\n",
				     &full),
			 0);
	assert_int_equal(peer.n_addresses, 2);
	assert_string_equal(xt_cidr_print(&peer.addresses[0], text), "10.7.0.4/24");
	assert_string_equal(xt_cidr_print(&peer.addresses[1], text), "fd07::4/64");
	assert_int_equal(peer.n_allowed, 2);
	assert_string_equal(xt_cidr_print(&peer.allowed[0], text), "10.7.0.0/24");
	assert_string_equal(xt_cidr_print(&peer.allowed[1], text), "fd07::/64");
	xt_hubconf_clear(&peer);
}

static void two_addresses_in_one_network_give_one(void **state)
{
	struct xt_hubconf peer = {0};
	struct xt_cidr full;
	char text[XT_CIDR_TEXT];
	(void)state;

	assert_int_equal(
	    peer_choose(&peer, "[Interface]\nAddress = 10.7.0.1/24, 10.7.0.2/24, 10.9.0.1/32\n", "",
			&full),
	    0);
	assert_int_equal(peer.n_addresses, 1);
	assert_string_equal(xt_cidr_print(&peer.addresses[0], text), "10.7.0.3/24");
	xt_hubconf_clear(&peer);
}

static void a_full_network_is_named_and_no_network_is_not(void **state)
{
	struct xt_hubconf peer = {0};
	struct xt_cidr full;
	char text[XT_CIDR_TEXT];
	(void)state;

	assert_int_equal(peer_choose(&peer,
				     "[Interface]\nAddress = fd07::1/64, 10.7.0.1/30\n[Peer]\n"
				     "PublicKey = " KEY_A "\nAllowedIPs = 10.7.0.2\n",
				     "", &full),
			 XT_E_FULL);
	assert_string_equal(xt_cidr_print(&full, text), "10.7.0.0/30");
	xt_hubconf_clear(&peer);
	assert_int_equal(peer_choose(&peer, "[Interface]\nAddress = 10.7.0.1\n", "", &full),
			 XT_E_FULL);
	assert_int_equal(full.ip.family, 0);
	xt_hubconf_clear(&peer);
}

static void names_are_judged(void **state)
{
	static const char *const good[] = {"a", "Anna's laptop",
					   "b\xc3\xbc"
					   "ro",
					   "10.7.0.1"};
	static const char *const bad[] = {"all",
					  "default",
					  "lo",
					  "",
					  "a#b",
					  " a",
					  "a ",
					  "-a",
					  "a\nb",
					  "\xff",
					  "\xe2\x80\xae"
					  "a",
					  KEY_A};
	char longest[XT_NAME_MAX + 2];
	(void)state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(xt_hubconf_name_judge(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(xt_hubconf_name_judge(bad[i]));
	memset(longest, 'x', sizeof(longest));
	longest[XT_NAME_MAX + 1] = '\0';
	assert_non_null(xt_hubconf_name_judge(longest));
	longest[XT_NAME_MAX] = '\0';
	assert_null(xt_hubconf_name_judge(longest));
}

static void every_name_becomes_that_of_an_interface(void **state)
{
	static const char *const rows[][2] = {
	    {"phone", "phone"},
	    {"Anna's laptop", "Anna-s-laptop"},
	    {"../../etc", "x.-..-etc"},
	    {"b\xc3\xbc"
	     "ro",
	     "b-ro"},
	    {"0123456789abcdefg", "0123456789abcde"},
	    {"\xc3\xbc", "x"},
	};
	char name[16];
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		xt_hubconf_interface(rows[i][0], name);
		assert_string_equal(name, rows[i][1]);
		assert_true(xt_conf_name_valid(name));
	}
}

static void section_and_file_mirror_each_other(void **state)
{
	struct xt_hubconf peer = {.name = "new",
				  .hub_name = "hub",
				  .endpoint = "hub.example:1",
				  .dns = "10.7.0.1, example.org",
				  .reached = "",
				  .mtu = 1300};
	struct xt_secbuf section = XT_SECBUF_INIT(XT_SECBUF_MAX), file = section, phone = section;
	struct xt_conf ours, theirs;
	struct xt_cidr full;
	(void)state;

	assert_int_equal(peer_choose(&peer, HUB, "", &full), 0);
	memset(peer.private_key.b, 7, 32);
	xt_dh_clamp(&peer.private_key);
	xt_dh_public(&peer.public_key, &peer.private_key);
	memset(peer.hub_key.b, 8, 32);
	memset(peer.psk.b, 9, 32);
	assert_int_equal(xt_hubconf_section(&peer, &section), 0);
	assert_int_equal(xt_hubconf_file(&peer, false, &file), 0);
	assert_int_equal(xt_hubconf_file(&peer, true, &phone), 0);
	conf_read(&ours, section.p);
	conf_read(&theirs, file.p);
	assert_string_equal(ours.peers[0].name, "new");
	assert_memory_equal(&ours.peers[0].key, &peer.public_key, 32);
	assert_memory_equal(&ours.peers[0].psk, &theirs.peers[0].psk, 32);
	assert_int_equal(ours.peers[0].n_allowed, 2);
	assert_true(xt_ip_equal(&ours.peers[0].allowed[1].ip, &theirs.addresses[1].cidr.ip));
	assert_int_equal(ours.peers[0].allowed[1].bits, 128);
	assert_int_equal(theirs.mtu, 1300);
	assert_int_equal(theirs.n_dns, 2);
	assert_false(theirs.has_port);
	assert_int_equal(theirs.peers[0].keepalive_s, 25);
	assert_string_equal(theirs.peers[0].endpoint_host, "hub.example");
	assert_null(strchr(phone.p, '#'));
	xt_conf_clear(&ours);
	xt_conf_clear(&theirs);
	conf_read(&theirs, phone.p);
	assert_memory_equal(&theirs.private_key, &peer.private_key, 32);
	xt_conf_clear(&theirs);
	xt_secbuf_clear(&section);
	xt_secbuf_clear(&file);
	xt_secbuf_clear(&phone);
	xt_hubconf_clear(&peer);
}

TEST_MAIN(cmocka_unit_test(a_peer_gets_an_address_of_each_network),
	  cmocka_unit_test(two_addresses_in_one_network_give_one),
	  cmocka_unit_test(a_full_network_is_named_and_no_network_is_not),
	  cmocka_unit_test(names_are_judged),
	  cmocka_unit_test(every_name_becomes_that_of_an_interface),
	  cmocka_unit_test(section_and_file_mirror_each_other))
