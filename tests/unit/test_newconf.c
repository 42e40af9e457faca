/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* The two configuration files of a new tunnel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/text.h"
#include "config/conf.h"
#include "config/newconf.h"
#include "crypto/dh.h"
#include "test_main.h"

/* Both files of a tunnel between hosts a and b, with fixed keys. */
static void make_texts(struct xt_newconf *new, const char *a, const char *b, char *text[2])
{
	int bad;

	assert_int_equal(xt_newconf_init(new, a, b, &bad), 0);
	for (uint8_t i = 0; i < 2; i++) {
		memset(new->end[i].private_key.b, i + 7, 32);
		xt_dh_clamp(&new->end[i].private_key);
		xt_dh_public(&new->end[i].public_key, &new->end[i].private_key);
	}
	memset(new->psk.b, 9, 32);
	assert_int_equal(xt_newconf_text(new, text), 0);
}

static void both_files_are_valid_and_mirror_each_other(void **state)
{
	struct xt_newconf new;
	struct xt_conf conf[2];
	struct xt_conf_diagnostics diagnostics = {0};
	char *text[2];
	(void)state;

	make_texts(&new, "a.example", "[2001:db8::2]:7777", text);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    xt_conf_parse(&conf[i], "l", text[i], strlen(text[i]), &diagnostics), 0);
		assert_int_equal(xt_conf_check(&conf[i], &diagnostics), 0);
		assert_int_equal(diagnostics.n, 0);
		assert_memory_equal(&conf[i].private_key, &new.end[i].private_key, 32);
		assert_memory_equal(&conf[i].peers[0].key, &new.end[!i].public_key, 32);
		assert_memory_equal(&conf[i].peers[0].psk, &new.psk, 32);
		assert_int_equal(conf[i].listen_port, new.end[i].port);
		assert_int_equal(conf[i].peers[0].endpoint_port, new.end[!i].port);
		assert_string_equal(conf[i].peers[0].endpoint_host, new.end[!i].host);
		assert_int_equal(conf[i].n_addresses, 2);
		assert_int_equal(conf[i].echo, XT_ECHO_PEER);
	}
	assert_string_equal(conf[1].peers[0].name, "a");
	assert_string_equal(conf[0].peers[0].name, "2001-db8--2");
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 2; k++)
			assert_true(xt_ip_equal(&conf[i].addresses[k].cidr.ip,
						&conf[!i].peers[0].allowed[k].ip));
	for (int i = 0; i < 2; i++) {
		xt_conf_clear(&conf[i]);
		free(text[i]);
	}
	xt_conf_diagnostics_clear(&diagnostics);
}

/* Keys that wg-quick and wg refuse are in "#:" lines. */
static void plain_lines_hold_only_keys_that_wg_quick_knows(void **state)
{
	static const char *const known[] = {"[Interface]",	   "[Peer]",	 "PrivateKey",
					    "ListenPort",	   "Address",	 "PublicKey",
					    "PresharedKey",	   "AllowedIPs", "Endpoint",
					    "PersistentKeepalive", "#"};
	struct xt_newconf new;
	char *text[2];
	(void)state;

	make_texts(&new, "a", "b:9", text);
	for (int i = 0; i < 2; i++) {
		assert_null(strstr(text[i], "->"));
		for (char *line = strtok(text[i], "\n"); line; line = strtok(NULL, "\n")) {
			bool found = false;
			for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++)
				found |= strncmp(line, known[k], strlen(known[k])) == 0;
			assert_true(found);
		}
		free(text[i]);
	}
}

static void hosts_are_accepted_in_every_form(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
	} good[] = {
	    {"a.example", "a.example", 51820},	   {"a.example:1", "a.example", 1},
	    {"192.0.2.1", "192.0.2.1", 51820},	   {"192.0.2.1:65535", "192.0.2.1", 65535},
	    {"2001:db8::1", "2001:db8::1", 51820}, {"[2001:db8::1]", "2001:db8::1", 51820},
	    {"[2001:db8::1]:5", "2001:db8::1", 5},
	};
	static const char *const bad_hosts[] = {"",
						"-a",
						"a b",
						"a:0",
						"a:65536",
						"a:",
						"[a]:5",
						"[::1",
						"[::1]x",
						"a;b",
						"../a",
						"a\n",
						("a\xc1"
						 "b"),
						"a\xc2\x85",
						"a\xe2\x80\xae"};
	struct xt_newconf new;
	int bad;
	(void)state;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(xt_newconf_init(&new, good[i].text, "other", &bad), 0);
		assert_string_equal(new.end[0].host, good[i].host);
		assert_int_equal(new.end[0].port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad_hosts) / sizeof(*bad_hosts); i++) {
		assert_int_equal(xt_newconf_init(&new, "a", bad_hosts[i], &bad), XT_E_INVALID);
		assert_int_equal(bad, 1);
	}
	assert_int_equal(xt_newconf_init(&new, "A.example", "a.example", &bad), XT_E_EXISTS);
	assert_int_equal(xt_newconf_init(&new, "127.0.0.1:1", "127.0.0.1:2", &bad), 0);
}

static void the_label_of_a_long_name_ends_with_a_whole_character(void **state)
{
	struct xt_newconf_end end = {0};
	char label[64];
	(void)state;

	for (size_t i = 0; i < 80; i += 2)
		memcpy(end.host + i, "\xc3\xa9", 2);
	xt_newconf_label(&end, label);
	assert_int_equal(strlen(label), 62);
	memset(end.host, 'a', 80);
	xt_newconf_label(&end, label);
	assert_int_equal(strlen(label), 63);
}

static void a_bare_name_gets_no_endpoint_and_keeps_the_way_open(void **state)
{
	struct xt_newconf new;
	char *text[2];
	(void)state;

	make_texts(&new, "hub.example", "phone:4242", text);
	assert_non_null(strstr(text[1], "Endpoint = hub.example:51820\n"));
	assert_non_null(strstr(text[1], "PersistentKeepalive = 25\n"));
	assert_non_null(strstr(text[1], "ListenPort = 4242\n"));
	assert_null(strstr(text[0], "Endpoint"));
	assert_null(strstr(text[0], "PersistentKeepalive"));
	free(text[0]);
	free(text[1]);
	make_texts(&new, "192.0.2.1", "2001:db8::1", text);
	for (int i = 0; i < 2; i++) {
		assert_non_null(strstr(text[i], "Endpoint"));
		assert_null(strstr(text[i], "PersistentKeepalive"));
		free(text[i]);
	}
}

static void inner_networks_are_taken_from_the_words(void **state)
{
	static const struct {
		const char *text, *address[2];
	} good[] = {
	    {"10.9.0.0/24", {"Address = 10.9.0.1/24\n", "Address = 10.9.0.2/24\n"}},
	    {"10.9.0.7/24", {"Address = 10.9.0.7/24\n", "Address = 10.9.0.8/24\n"}},
	    {"10.9.0.255/16", {"Address = 10.9.0.255/16\n", "Address = 10.9.1.0/16\n"}},
	    {"10.9.0.0/31", {"Address = 10.9.0.0/31\n", "Address = 10.9.0.1/31\n"}},
	    {"fd09::/64", {"Address = fd09::1/64\n", "Address = fd09::2/64\n"}},
	    {"fd09::5/64,10.9.0.0/30",
	     {"Address = 10.9.0.1/30, fd09::5/64\n", "Address = 10.9.0.2/30, fd09::6/64\n"}},
	};
	static const char *const bad_words[] = {"",
						"10.9.0.0",
						"10.9.0.0/32",
						"10.9.0.2/30",
						"fd09::/128",
						"10.9.0.0/24,",
						"224.0.0.0/24",
						"127.0.0.0/24",
						"10.9.0.0/33",
						"10.9.0.0/24,10.8.0.0/24"};
	struct xt_newconf new;
	char *text[2];
	int bad;
	(void)state;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(xt_newconf_init(&new, "a.example", "b.example", &bad), 0);
		assert_null(xt_newconf_address(&new, good[i].text));
		assert_int_equal(xt_newconf_text(&new, text), 0);
		for (int k = 0; k < 2; k++) {
			assert_non_null(strstr(text[k], good[i].address[k]));
			free(text[k]);
		}
	}
	for (size_t i = 0; i < sizeof(bad_words) / sizeof(*bad_words); i++) {
		assert_int_equal(xt_newconf_init(&new, "a.example", "b.example", &bad), 0);
		assert_non_null(xt_newconf_address(&new, bad_words[i]));
	}
}

/* Networks whose third (IPv6: second) byte is below *ctx are in use. */
static bool used_below(void *ctx, const struct xt_cidr *net)
{
	return net->ip.b[net->ip.family == 4 ? 2 : 1] < *(int *)ctx;
}

static void networks_in_use_are_not_chosen(void **state)
{
	struct xt_newconf new;
	char text[XT_IP_TEXT];
	int bad, below = 9;
	(void)state;

	assert_int_equal(xt_newconf_init(&new, "a.example", "b.example", &bad), 0);
	assert_int_equal(xt_newconf_choose(&new, used_below, &below), 0);
	assert_string_equal(xt_ip_print(&new.end[1].ipv4.ip, text), "192.168.9.2");
	assert_string_equal(xt_ip_print(&new.end[0].ipv6.ip, text), "fd09::1");
	below = 256;
	assert_int_equal(xt_newconf_choose(&new, used_below, &below), XT_E_FULL);
}

TEST_MAIN(cmocka_unit_test(both_files_are_valid_and_mirror_each_other),
	  cmocka_unit_test(plain_lines_hold_only_keys_that_wg_quick_knows),
	  cmocka_unit_test(a_bare_name_gets_no_endpoint_and_keeps_the_way_open),
	  cmocka_unit_test(the_label_of_a_long_name_ends_with_a_whole_character),
	  cmocka_unit_test(inner_networks_are_taken_from_the_words),
	  cmocka_unit_test(networks_in_use_are_not_chosen),
	  cmocka_unit_test(hosts_are_accepted_in_every_form))
