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

#include "base/addr.h"
#include "base/text.h"
#include "config/conf.h"
#include "config/newconf.h"
#include "crypto/dh.h"

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
	static const char *const known[] = {
	    "[Interface]", "[Peer]",	   "PrivateKey", "ListenPort", "Address",
	    "PublicKey",   "PresharedKey", "AllowedIPs", "Endpoint",   "#"};
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
	static const char *const bad_hosts[] = {"",	 "-a",	 "a b",	   "a:0", "a:65536", "a:",
						"[a]:5", "[::1", "[::1]x", "a;b", "../a",    "a\n"};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_files_are_valid_and_mirror_each_other),
	    cmocka_unit_test(plain_lines_hold_only_keys_that_wg_quick_knows),
	    cmocka_unit_test(hosts_are_accepted_in_every_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
