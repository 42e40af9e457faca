/* SPDX-License-Identifier: MIT */
/* layers: base */
/* What a TAP adapter is asked: identifiers, control codes and arguments, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/windows/tap_windows.h"
#include "test_main.h"

static void components_are_those_of_the_driver(void **state)
{
	static const char *const yes[] = {"tap0901",	   "tap0801", "root\\tap0901",
					  "root\\tap0801", "TAP0901", "ROOT\\Tap0901"};
	static const char *const no[] = {
	    "",		"tap",	    "tap09010", "tap0902", "root/tap0901", "root\\\\tap0901",
	    "ovpn-dco", "xtap0901", "tap0901 ", "root\\"};

	(void)state;
	for (size_t i = 0; i < XT_LEN(yes); i++)
		assert_true(xt_tap_component(yes[i]));
	for (size_t i = 0; i < XT_LEN(no); i++)
		assert_false(xt_tap_component(no[i]));
}

static void an_instance_becomes_a_path(void **state)
{
	static const char guid[] = "{0123ABCD-45ef-6789-ABCD-0123456789ab}";
	static const char *const bad[] = {"",
					  "{}",
					  "0123ABCD-45ef-6789-ABCD-0123456789ab",
					  "{0123ABCD-45ef-6789-ABCD-0123456789a}",
					  "{0123ABCD-45ef-6789-ABCD-0123456789abc}",
					  "{0123ABCD-45ef-6789-ABCD\\0123456789ab}",
					  "{0123ABCG-45ef-6789-ABCD-0123456789ab}"};
	char path[64], small[46];

	(void)state;
	assert_true(xt_tap_guid(guid));
	assert_true(xt_tap_path(path, sizeof(path), guid));
	assert_string_equal(path, "\\\\.\\Global\\{0123ABCD-45ef-6789-ABCD-0123456789ab}.tap");
	assert_false(xt_tap_path(small, sizeof(small), guid));
	for (size_t i = 0; i < XT_LEN(bad); i++)
		assert_false(xt_tap_guid(bad[i]));
}

static void control_codes_are_buffered_and_need_no_access(void **state)
{
	(void)state;
	assert_int_equal(XT_TAP_GET_VERSION, 0x220008);
	assert_int_equal(XT_TAP_GET_MTU, 0x22000c);
	assert_int_equal(XT_TAP_SET_MEDIA, 0x220018);
	assert_int_equal(XT_TAP_CONFIG_TUN, 0x220028);
}

static void arguments_are_bytes_of_the_wire(void **state)
{
	static const uint8_t local[12] = {10, 7, 0, 2}, none[12] = {0};
	static const uint8_t on[4] = {1}, off[4] = {0};
	struct xt_ip ip;
	uint8_t out[12], media[4];

	(void)state;
	assert_int_equal(xt_ip_parse(&ip, "10.7.0.2"), 0);
	memset(out, 0xff, sizeof(out));
	xt_tap_tun_put(out, &ip);
	assert_memory_equal(out, local, sizeof(out));
	xt_tap_tun_put(out, NULL);
	assert_memory_equal(out, none, sizeof(out));
	assert_int_equal(xt_ip_parse(&ip, "fd07::1"), 0);
	xt_tap_tun_put(out, &ip);
	assert_memory_equal(out, none, sizeof(out));
	xt_tap_media_put(media, true);
	assert_memory_equal(media, on, sizeof(media));
	xt_tap_media_put(media, false);
	assert_memory_equal(media, off, sizeof(media));
}

static void old_drivers_have_no_tun_mode(void **state)
{
	static const struct {
		uint32_t version[3];
		bool ok;
	} cases[] = {{{9, 24, 7}, true}, {{9, 0, 0}, true},  {{8, 2, 0}, true},
		     {{8, 1, 9}, false}, {{7, 9, 9}, false}, {{0, 0, 0}, false}};

	(void)state;
	for (size_t i = 0; i < XT_LEN(cases); i++)
		assert_int_equal(xt_tap_version(cases[i].version), cases[i].ok);
}

TEST_MAIN(cmocka_unit_test(components_are_those_of_the_driver),
	  cmocka_unit_test(an_instance_becomes_a_path),
	  cmocka_unit_test(control_codes_are_buffered_and_need_no_access),
	  cmocka_unit_test(arguments_are_bytes_of_the_wire),
	  cmocka_unit_test(old_drivers_have_no_tun_mode))
