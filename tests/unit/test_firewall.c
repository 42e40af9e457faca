/* SPDX-License-Identifier: MIT */
/* layers: host core crypto packet base */
/* The text for nft(8), byte by byte, and whether nft accepts it where it is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "host/firewall.h"
#include "test_main.h"

static struct xt_ip local[2];

static char *up(const char *name, bool v4, bool v6)
{
	const struct xt_firewall firewall = {name, local, 2, 51820, v4, v6, false};
	char *text;
	size_t len;

	assert_int_equal(xt_firewall_up(&text, &len, &firewall), 0);
	assert_int_equal(strlen(text), len);
	return text;
}

/* As nft lists tables in the order in which they were made, a change keeps the table. */
static void a_change_empties_the_table_and_keeps_it(void **state)
{
	const struct xt_firewall firewall = {"left", local, 2, 51820, true, true, true};
	static const char head[] = "add table inet xtunnel-left\nflush table inet xtunnel-left\n";
	char *text, *fresh = up("left", true, true);
	size_t len;

	(void)state;
	assert_int_equal(xt_firewall_up(&text, &len, &firewall), 0);
	assert_memory_equal(text, head, strlen(head));
	assert_string_equal(strstr(text, "\ntable inet"), strstr(fresh, "\ntable inet"));
	free(text);
	free(fresh);
}

static int setup(void **state)
{
	(void)state;
	return xt_ip_parse(&local[0], "10.7.0.1") || xt_ip_parse(&local[1], "fd07::1");
}

static void both_families_are_protected_in_one_transaction(void **state)
{
	char *text = up("left", true, true);

	(void)state;
	assert_string_equal(
	    text, "add table inet xtunnel-left\n"
		  "delete table inet xtunnel-left\n"
		  "table inet xtunnel-left {\n"
		  "\tchain preraw {\n"
		  "\t\ttype filter hook prerouting priority -300;\n"
		  "\t\tiifname != \"left\" ip daddr 10.7.0.1 fib saddr type != local drop\n"
		  "\t\tiifname != \"left\" ip6 daddr fd07::1 fib saddr type != local drop\n"
		  "\t}\n"
		  "\tchain premangle {\n"
		  "\t\ttype filter hook prerouting priority -150;\n"
		  "\t\tmeta l4proto udp ct mark 0xca6c meta mark set ct mark\n"
		  "\t}\n"
		  "\tchain postmangle {\n"
		  "\t\ttype filter hook postrouting priority -150;\n"
		  "\t\tmeta l4proto udp meta mark 0xca6c ct mark set meta mark\n"
		  "\t}\n"
		  "}\n");
	free(text);
}

static void a_family_that_is_not_routed_gets_no_rules(void **state)
{
	char *text = up("left", false, true);

	(void)state;
	assert_null(strstr(text, "10.7.0.1"));
	assert_non_null(strstr(text, "ip6 daddr fd07::1"));
	assert_non_null(strstr(text, "\t\tmeta nfproto ipv6 meta l4proto udp ct mark 0xca6c"));
	free(text);
}

static void down_works_without_a_table(void **state)
{
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(xt_firewall_down(&text, &len, "left"), 0);
	assert_string_equal(text, "add table inet xtunnel-left\ndelete table inet xtunnel-left\n");
	free(text);
}

static void nft_accepts_every_interface_name(void **state)
{
	static const char *const names[] = {"left", "a.b-c_d", "0=1+2", "=+=", "wg-0.1"};

	(void)state;
	if (system("command -v nft >/dev/null && unshare -n nft list ruleset >/dev/null 2>&1")) {
		print_message("nft is not installed or not permitted\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (int families = 1; families < 4; families++) {
			char *text = up(names[i], families & 1, families & 2), *down;
			size_t len;
			FILE *nft = popen("unshare -n nft -c -f -", "w");

			assert_int_equal(xt_firewall_down(&down, &len, names[i]), 0);
			assert_non_null(nft);
			fputs(text, nft);
			fputs(down, nft);
			assert_int_equal(pclose(nft), 0);
			free(text);
			free(down);
		}
	}
}

/* What the runner gives to nft: all that this program writes, and no other table, file or line. */
static void the_form_of_the_text_is_checked(void **state)
{
	static const char *const names[] = {"left", "a=b+c", "wg.0-1_2", "include"};
	static const char *const refused[] = {
	    "add table inet xtunnel-left2\n",
	    "add table inet xtunnel-lef\n",
	    "add table ip xtunnel-left\n",
	    "add table inet xtunnel-left",
	    "flush ruleset\n",
	    "include \"/etc/shadow\"\n",
	    "\n",
	    "delete table inet xtunnel-left; flush ruleset\n",
	};
	char *text;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (unsigned bits = 1; bits < 4; bits++) {
			text = up(names[i], bits & 1, bits & 2);
			assert_true(xt_firewall_text_ok(text, strlen(text), names[i]));
			assert_false(xt_firewall_text_ok(text, strlen(text), "right"));
			assert_false(xt_firewall_text_ok(text, strlen(text) - 1, names[i]));
			free(text);
		}
		assert_int_equal(xt_firewall_down(&text, &len, names[i]), 0);
		assert_true(xt_firewall_text_ok(text, len, names[i]));
		free(text);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_false(xt_firewall_text_ok(refused[i], strlen(refused[i]), "left"));
	assert_false(xt_firewall_text_ok("", 0, "left"));
	assert_false(xt_firewall_text_ok("}\0\n", 3, "left"));
}

GROUP_TEST_MAIN(setup, NULL, cmocka_unit_test(both_families_are_protected_in_one_transaction),
		cmocka_unit_test(the_form_of_the_text_is_checked),
		cmocka_unit_test(a_change_empties_the_table_and_keeps_it),
		cmocka_unit_test(a_family_that_is_not_routed_gets_no_rules),
		cmocka_unit_test(down_works_without_a_table),
		cmocka_unit_test(nft_accepts_every_interface_name))
