/* SPDX-License-Identifier: MIT */
/* Every message and request, byte by byte, as the headers of macOS, FreeBSD and OpenBSD lay it out
 * (tests/vectors/bsd). Built once for each system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/bsd/message_bsd.h"
#include "test_main.h"
#include "vectors.h"

#define FILE_NAME "bsd/" XT_TESTS_SYSTEM ".txt"

static void ip_set(struct xt_ip *out, const char *text)
{
	memset(out, 0, sizeof(*out));
	if (text)
		assert_int_equal(xt_ip_parse(out, text), 0);
}

static void routes_are_written_as_the_kernel_reads_them(void **state)
{
	static const struct {
		const char *name, *dst, *gateway;
		char type; /* add, change, delete, get */
		unsigned index;
		uint32_t mtu;
	} cases[] = {
	    {"add_net4", "10.9.0.0/16", NULL, 'a', 7, 0},
	    {"add_net6", "fd07:1::/48", NULL, 'a', 7, 0},
	    {"add_half4", "128.0.0.0/1", NULL, 'a', 7, 0},
	    {"add_host4", "198.18.0.2", "192.168.1.1", 'a', 4, 0},
	    {"add_host6", "fd00::2", "fd00:1::1", 'a', 4, 0},
	    {"add_host6_local", "fd00::2", "fe80::1", 'a', 4, 0},
	    {"delete_host4", "10.7.0.9", NULL, 'd', 7, 0},
	    {"change_mtu4", "10.9.0.0/16", NULL, 'c', 7, 1300},
	    {"get_host4", "198.18.0.2", NULL, 'g', 0, 0},
	    {"get_host6", "fd00::2", NULL, 'g', 0, 0},
	};

	(void)state;
	for (uint32_t i = 0; i < XT_LEN(cases); i++) {
		struct xt_bsd_route route = {.ifindex = cases[i].index, .mtu = cases[i].mtu};
		uint32_t type = cases[i].type == 'a'   ? xt_abi.rtm_add
				: cases[i].type == 'c' ? xt_abi.rtm_change
				: cases[i].type == 'd' ? xt_abi.rtm_delete
						       : xt_abi.rtm_get;
		uint8_t bytes[XT_BSD_MESSAGE];

		assert_int_equal(xt_cidr_parse(&route.dst, cases[i].dst), 0);
		ip_set(&route.gateway, cases[i].gateway);
		vector_expect(FILE_NAME, cases[i].name, bytes,
			      xt_bsd_route_put(bytes, type, i + 1, &route));
	}
}

static void requests_are_written_as_the_kernel_reads_them(void **state)
{
	uint8_t bytes[XT_BSD_REQUEST];

	(void)state;
	xt_bsd_flags_put(bytes, "tun7", xt_abi.iff_up);
	vector_expect(FILE_NAME, "flags_up", bytes, xt_abi.ifreq_size);
	assert_int_equal(xt_bsd_flags_get(bytes), xt_abi.iff_up);
	xt_bsd_mtu_put(bytes, "tun7", 1420);
	vector_expect(FILE_NAME, "mtu_1420", bytes, xt_abi.ifreq_size);
	assert_int_equal(xt_bsd_mtu_get(bytes), 1420);
}

/* The size of a request's argument is part of its number. */
static void addresses_are_written_as_the_kernel_reads_them(void **state)
{
	static const struct {
		const char *name, *address, *peer;
		bool add;
	} cases[] = {
	    {"add_address4", "10.7.0.1/24", NULL, true},
	    {"add_pair4", "10.7.0.1/32", "10.7.0.2", true},
	    {"add_address6", "fd07::1/64", NULL, true},
	    {"add_pair6", "fd07::1/64", "fd07::2", true},
	    {"delete_address4", "10.7.0.1/24", NULL, false},
	    {"delete_address6", "fd07::1/64", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < XT_LEN(cases); i++) {
		struct xt_link_address address = {0};
		uint8_t bytes[XT_BSD_REQUEST];
		unsigned long number;

		assert_int_equal(xt_cidr_parse(&address.cidr, cases[i].address), 0);
		ip_set(&address.peer, cases[i].peer);
		number = xt_bsd_address_put(bytes, "tun7", &address, cases[i].add);
		vector_expect(FILE_NAME, cases[i].name, bytes, number >> 16 & 0x1fff);
	}
}

/* The vector of that name, of which the length is its first two bytes. */
static size_t message_load(const char *name, uint8_t bytes[512])
{
	uint16_t len = 0;
	char path[512], line[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, XT_VECTORS);
	f = fopen(path, "r");
	assert_non_null(f);
	while (len == 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ' ')
			len = (uint16_t)((strlen(line) - strlen(name) - 4) / 2);
	fclose(f);
	if (len)
		vector_get(FILE_NAME, name, bytes, len);
	return len;
}

static void message_read(const char *name, struct xt_bsd_message *out)
{
	uint8_t bytes[512];
	const uint8_t *at = bytes;
	size_t left = message_load(name, bytes);

	assert_true(xt_bsd_message_take(&at, &left, out));
	assert_int_equal(left, 0);
}

static void ip_expect(const struct xt_ip *ip, const char *text)
{
	char got[XT_IP_TEXT];

	assert_string_equal(xt_ip_print(ip, got), text);
}

static void messages_of_the_kernel_are_read(void **state)
{
	struct xt_bsd_message msg;
	uint8_t bytes[512];

	(void)state;
	message_read("kernel_default4", &msg);
	assert_int_equal(msg.index, 4);
	assert_int_equal(msg.dst.bits, 0);
	assert_int_equal(msg.dst.ip.family, 4);
	ip_expect(&msg.gateway, "192.168.1.1");

	message_read("kernel_error", &msg);
	assert_int_equal(msg.error, 3);
	assert_int_equal(msg.pid, 4242);
	assert_int_equal(msg.seq, 11);
	assert_int_equal(msg.mtu, 1492);
	assert_int_equal(msg.dst.bits, 16);
	assert_int_equal(msg.gateway.family, 0);
	assert_int_equal(msg.gateway_link, 4);

	message_read("kernel_link", &msg);
	assert_int_equal(msg.type, xt_abi.rtm_ifinfo);
	assert_int_equal(msg.index, 7);
	assert_int_equal(msg.mtu, 1420);
	assert_int_equal(msg.flags, xt_abi.iff_up | xt_abi.iff_running);
	assert_true(!xt_abi.if_state || msg.state != xt_abi.link_down);

	message_read("kernel_address4", &msg);
	assert_int_equal(msg.type, xt_abi.rtm_newaddr);
	assert_int_equal(msg.index, 7);
	assert_int_equal(msg.mask, 24);
	ip_expect(&msg.local, "10.7.0.1");
	ip_expect(&msg.peer, "10.7.0.1");

	if (message_load("kernel_away", bytes)) {
		message_read("kernel_away", &msg);
		assert_int_equal(msg.index, 7);
		assert_true(msg.away);
	}
}

/* Every message cut short at every length, and with every byte changed. */
static void damaged_messages_are_read_within_their_bounds(void **state)
{
	static const char *const names[] = {"kernel_default4", "kernel_error", "kernel_link",
					    "kernel_address4", "kernel_away"};

	(void)state;
	for (size_t i = 0; i < XT_LEN(names); i++) {
		uint8_t bytes[512];
		size_t len = message_load(names[i], bytes);

		for (size_t cut = 0; cut < len; cut++) {
			uint16_t short_len = (uint16_t)cut;
			uint8_t *copy = malloc(cut + 1); /* a sanitizer sees a byte behind it */
			struct xt_bsd_message msg;
			const uint8_t *at = copy;
			size_t left = cut;

			memcpy(copy, bytes, cut);
			if (cut >= 2)
				memcpy(copy, &short_len, sizeof(short_len));
			while (xt_bsd_message_take(&at, &left, &msg))
				assert_true(msg.dst.bits <= 128);
			free(copy);
		}
		for (size_t at_byte = 0; at_byte < len; at_byte++)
			for (unsigned value = 0; value < 256; value += 51) {
				uint8_t *copy = malloc(len);
				struct xt_bsd_message msg;
				const uint8_t *at = copy;
				size_t left = len;

				memcpy(copy, bytes, len);
				copy[at_byte] = (uint8_t)value;
				while (xt_bsd_message_take(&at, &left, &msg))
					assert_true(msg.dst.bits <= 128);
				free(copy);
			}
	}
}

TEST_MAIN(cmocka_unit_test(routes_are_written_as_the_kernel_reads_them),
	  cmocka_unit_test(requests_are_written_as_the_kernel_reads_them),
	  cmocka_unit_test(addresses_are_written_as_the_kernel_reads_them),
	  cmocka_unit_test(messages_of_the_kernel_are_read),
	  cmocka_unit_test(damaged_messages_are_read_within_their_bounds))
