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

static uint32_t caplen, length;

static int narrow_filter(const struct pcap_program *program, const struct pcap_header *header,
			 const uint8_t *packet)
{
	struct narrow seen;

	(void)program;
	(void)packet;
	memcpy(&seen, header, sizeof(seen));
	caplen = seen.caplen;
	length = seen.len;
	return 1;
}

static int wide_filter(const struct pcap_program *program, const struct pcap_header *header,
		       const uint8_t *packet)
{
	struct wide seen;

	(void)program;
	(void)packet;
	memcpy(&seen, header, sizeof(seen));
	caplen = seen.caplen;
	length = seen.len;
	return 1;
}

static void the_length_is_where_a_library_of_either_time_looks_for_it(void **state)
{
	struct xt_capture_filter filter = {.offline_filter = narrow_filter};
	const uint8_t packet[1420] = {0x45};

	(void)state;
	assert_true(xt_capture_filter_matches(&filter, packet, sizeof(packet)));
	assert_int_equal(caplen, sizeof(packet));
	assert_int_equal(length, sizeof(packet));
	caplen = length = 0;
	filter.offline_filter = wide_filter;
	assert_true(xt_capture_filter_matches(&filter, packet, sizeof(packet)));
	assert_int_equal(caplen, sizeof(packet));
	assert_int_equal(length, sizeof(packet));
}

TEST_MAIN(cmocka_unit_test(the_length_is_where_a_library_of_either_time_looks_for_it))
