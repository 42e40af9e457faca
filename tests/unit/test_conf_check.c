/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* Errors and warnings of xt_conf_check for configurations that parse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_files.h"
#include "config/conf.h"
#include "test_main.h"

#define KEY   "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"
#define LOCAL "PublicKey = HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=\n"
#define PEER  "[Peer]\nPublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
#define NEXT  "[Peer]\nPublicKey = TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=\n"
#define END   "Endpoint = 192.0.2.1:1\nAllowedIPs = 10.9.0.0/16\n"

/* Check text: the return value and the printed diagnostics. */
static void check(const char *text, int expect, const char *expected)
{
	struct xt_conf conf;
	struct xt_conf_diagnostics diagnostics = {0};
	int err = xt_conf_parse(&conf, "wg0", text, strlen(text), &diagnostics);

	if (err)
		print_error("%s", xt_conf_diagnostics_print(&diagnostics, "parse"));
	assert_int_equal(err, 0);
	err = xt_conf_check(&conf, &diagnostics);
	char *all = xt_conf_diagnostics_print(&diagnostics, "f");
	assert_string_equal(all, expected);
	assert_int_equal(err, expect);
	free(all);
	conf_clear(&conf, &diagnostics);
}

static void a_valid_file_has_no_diagnostics(void **state)
{
	(void)state;
	check("[Interface]\n" KEY "Address = 10.0.0.1/24\n" PEER END, 0, "");
}

static void a_default_route_passes_unless_its_mark_is_a_table_of_the_host(void **state)
{
	(void)state;
	check("[Interface]\n" KEY "Table = off\n" PEER END "AllowedIPs = 0.0.0.0/0\n", 0, "");
	check("[Interface]\n" KEY "Table = 7\n" PEER END "AllowedIPs = ::/0\n", 0, "");
	check("[Interface]\n" KEY "DNS = 1.1.1.1\nSaveConfig = true\n" PEER END
	      "AllowedIPs = 0.0.0.0/0, ::/0\n",
	      0, "");
	check("[Interface]\n" KEY "FwMark = 254\n" PEER END, 0, "");
	check("[Interface]\n" KEY "FwMark = 254\n" PEER END "AllowedIPs = ::/0\n", XT_E_SYNTAX,
	      "f:8:1: error: AllowedIPs of a whole address family need the routing table FwMark, "
	      "and every host uses table 254\n");
}

static void a_key_that_no_hook_sets_gets_a_warning(void **state)
{
	(void)state;
	check("[Interface]\nListenPort = 1\n" PEER END, 0,
	      "f:1:1: warning: [Interface] has neither PrivateKey nor PrivateKeyFile, and no "
	      "PostUp that could set a key: no handshake can begin\n");
	check("[Interface]\nPostUp = wg set %i private-key /etc/key\n" PEER END, 0, "");
	check("# nothing\n", XT_E_SYNTAX, "f: error: there is no [Interface]\n");
}

static void echo_for_peers_needs_an_address(void **state)
{
	(void)state;
	check("[Interface]\n" KEY "Echo = peer\n" PEER END, XT_E_SYNTAX,
	      "f:3:1: error: Echo needs an Address or EchoAddresses to answer for\n");
	check("[Interface]\n" KEY "Echo = host\n" PEER END, 0,
	      "f:3:1: warning: Echo answers nothing: no Address, no EchoAddresses\n");
	check("[Interface]\n" KEY "Echo = peer\nEchoAddresses = 10.0.0.1\n" PEER END, 0, "");
	check("[Interface]\n" KEY "EchoAddresses = 10.0.0.1\n" PEER END, 0,
	      "f:3:1: warning: EchoAddresses do nothing without Echo = host, peer or both\n");
}

static void answering_this_host_for_a_peer_gets_a_warning(void **state)
{
	(void)state;
	check("[Interface]\n" KEY "Echo = both\nEchoAddresses = 10.0.0.0/8\n" PEER END, 0,
	      "f:4:1: warning: EchoAddresses 10.0.0.0/8: this host will answer for addresses of "
	      "the peer on line 5\n");
	check("[Interface]\n" KEY "Echo = peer\nEchoAddresses = 10.0.0.0/8\n" PEER END, 0, "");
}

static void peers_are_compared_with_each_other(void **state)
{
	(void)state;
	check("[Interface]\n" KEY PEER END PEER END, 0,
	      "f:7:1: warning: the [Peer] on line 3 has the same PublicKey: this one changes it, "
	      "as with wg\n");
	check("[Interface]\n" KEY PEER END NEXT END, 0,
	      "f:10:1: warning: AllowedIPs 10.9.0.0/16 moves here from the peer on line 3\n");
	check("[Interface]\n" KEY PEER END NEXT "AllowedIPs = 10.9.1.0/24\n", 0, "");
	check("[Interface]\n" KEY "[Peer]\n" LOCAL END, XT_E_SYNTAX,
	      "f:3:1: error: this peer's PublicKey is that of the interface itself\n");
}

static void what_cannot_work_gets_a_warning_or_an_error(void **state)
{
	(void)state;
	check("[Interface]\n" KEY PEER, 0,
	      "f: warning: no ListenPort and no Endpoint: no handshake can begin\n"
	      "f:3:1: warning: this peer has no AllowedIPs: no packet can go to or come from it\n");
	check("[Interface]\n" KEY "MTU = 1000\nAddress = fd07::1/64\n", XT_E_SYNTAX,
	      "f:3:1: error: IPv6 needs an MTU of 1280 at least, and an Address is IPv6\n");
	check("[Interface]\n" KEY "Address = 10.0.0.1/24\nAddress = 10.0.0.1/16\n", XT_E_SYNTAX,
	      "f:3:1: error: Address 10.0.0.1 is given twice\n");
	check("[Interface]\n" KEY "Address = 10.9.0.1/32\n" PEER END "AllowedIPs = 10.9.0.1\n", 0,
	      "f:8:1: warning: AllowedIPs hold Address 10.9.0.1 of this interface\n");
}

static void a_probe_address_that_is_never_asked_gets_a_warning(void **state)
{
	(void)state;
	check("[Interface]\n" KEY "MTU = auto\nAddress = 10.0.0.1/24\n" PEER END
	      "ProbeAddress = 10.9.0.1\n",
	      0, "");
	check("[Interface]\n" KEY "MTU = 1400\nAddress = 10.0.0.1/24\n" PEER END
	      "ProbeAddress = 10.9.0.1\n",
	      0, "f:9:1: warning: ProbeAddress is of no use: with MTU = 1400 no probe is sent\n");
	check("[Interface]\n" KEY "Address = 10.0.0.1/24\n" PEER END "ProbeAddress = fd07::1\n", 0,
	      "f:8:1: warning: ProbeAddress is of no use: no Address is IPv6\n");
}

TEST_MAIN(cmocka_unit_test(a_valid_file_has_no_diagnostics),
	  cmocka_unit_test(a_default_route_passes_unless_its_mark_is_a_table_of_the_host),
	  cmocka_unit_test(a_key_that_no_hook_sets_gets_a_warning),
	  cmocka_unit_test(echo_for_peers_needs_an_address),
	  cmocka_unit_test(answering_this_host_for_a_peer_gets_a_warning),
	  cmocka_unit_test(peers_are_compared_with_each_other),
	  cmocka_unit_test(what_cannot_work_gets_a_warning_or_an_error),
	  cmocka_unit_test(a_probe_address_that_is_never_asked_gets_a_warning))
