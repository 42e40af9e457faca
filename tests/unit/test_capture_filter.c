/* SPDX-License-Identifier: MIT */
/* layers: cli */
/* What libpcap reads of a packet's header. The source is included, for a filter without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/capture_filter.c"
#include "test_main.h"

/* struct pcap_pkthdr of libraries whose time_t has 32 bits, and 64 bits. */
struct narrow {
	int32_t time[2];
	uint32_t caplen, len;
};
struct wide {
	int64_t time[2];
	uint32_t caplen, len;
};

static size_t caplen_at, length_at;
static uint32_t caplen, length;

static int filter_of_library(const struct pcap_program *program, const struct pcap_header *header,
			     const uint8_t *packet)
{
	(void)program;
	(void)packet;
	memcpy(&caplen, (const char *)header + caplen_at, sizeof(caplen));
	memcpy(&length, (const char *)header + length_at, sizeof(length));
	return 1;
}

static void the_length_is_where_a_library_of_either_time_looks_for_it(void **state)
{
	static const size_t at[][2] = {
	    {offsetof(struct narrow, caplen), offsetof(struct narrow, len)},
	    {offsetof(struct wide, caplen), offsetof(struct wide, len)}};
	const struct xt_capture_filter filter = {.offline_filter = filter_of_library};
	const uint8_t packet[1420] = {0x45};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		caplen_at = at[i][0];
		length_at = at[i][1];
		caplen = length = 0;
		assert_true(xt_capture_filter_matches(&filter, packet, sizeof(packet)));
		assert_int_equal(caplen, sizeof(packet));
		assert_int_equal(length, sizeof(packet));
	}
}

TEST_MAIN(cmocka_unit_test(the_length_is_where_a_library_of_either_time_looks_for_it))
