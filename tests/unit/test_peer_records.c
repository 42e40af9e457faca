/* SPDX-License-Identifier: MIT */
/* layers: host base */
/* The records of peers that an identity keeps on file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "host/peer_store_uv.h"
#include "test_main.h"

#define SECOND UINT64_C(1000000000)
#define NAME   "0123456789abcdef0123456789abcdef"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/xt-peers-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/" NAME ".peers", dir);
	unlink(path);
	return rmdir(dir);
}

static uint64_t wall_now(void)
{
	return (uint64_t)time(NULL) * SECOND;
}

static struct xt_peer_memory record(uint8_t key, uint8_t timestamp, uint64_t heard,
				    const char *endpoint)
{
	struct xt_peer_memory r;

	memset(&r, 0, sizeof(r));
	r.key.b[0] = key;
	r.timestamp[11] = timestamp;
	r.heard_wall_ns = heard;
	if (endpoint)
		assert_int_equal(xt_endpoint_parse(&r.endpoint, endpoint), 0);
	return r;
}

static void assert_endpoint(const struct xt_peer_memory *r, const char *text)
{
	char buf[XT_ENDPOINT_TEXT];

	assert_string_equal(r->endpoint.ip.family ? xt_endpoint_print(&r->endpoint, buf) : "-",
			    text);
}

static void text_and_records_are_each_others_inverse(void **state)
{
	struct xt_peer_memory v[] = {record(1, 7, 1700000000 * SECOND, "192.0.2.1:51820"),
				     record(2, 255, 5, "[2001:db8::1]:1"), record(3, 0, 0, NULL)};
	struct xt_peer_records in = {v, 3}, out;
	struct xt_secbuf text = XT_SECBUF_INIT(XT_PEER_RECORDS_TEXT);

	(void)state;
	xt_peer_records_print(&text, &in);
	assert_int_equal(text.error, 0);
	assert_int_equal(xt_peer_records_parse(&out, text.p, text.len), 0);
	assert_int_equal(out.n, 3);
	assert_memory_equal(out.v, v, sizeof(v));
	xt_peer_records_clear(&out);
	xt_secbuf_clear(&text);
}

static void damaged_lines_are_left_out(void **state)
{
	static const char good[] = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "
				   "000000000000000000000007 5 192.0.2.1:51820\n";
	static const char *const bad[] = {
	    "",
	    "\n",
	    "x\n",
	    "x y z -\n",
	    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 00000000000000000000000g 5 -\n",
	    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 000000000000000000000007 -5 -\n",
	    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 000000000000000000000007 5 1.2.3.4\n",
	    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 000000000000000000000007 5\n",
	    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 000000000000000000000007 5 -",
	};
	struct xt_peer_records out;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "xtunnel-peers 1\n%s%s", good, bad[i]);
		assert_int_equal(xt_peer_records_parse(&out, text, strlen(text)), 0);
		assert_int_equal(out.n, 1);
		assert_int_equal(out.v[0].timestamp[11], 7);
		xt_peer_records_clear(&out);
	}
	assert_int_equal(xt_peer_records_parse(&out, good, strlen(good)), XT_E_INVALID);
	assert_int_equal(xt_peer_records_parse(&out, "xtunnel-peers 2\n", 16), XT_E_INVALID);
	assert_int_equal(xt_peer_records_parse(&out, "", 0), XT_E_INVALID);
}

static void merge_keeps_the_newer_record_and_the_greatest_timestamp(void **state)
{
	const uint64_t wall = wall_now();
	struct xt_peer_memory first[] = {record(3, 9, wall, "192.0.2.3:3"),
					 record(1, 5, wall, "192.0.2.1:1")};
	struct xt_peer_memory then[] = {record(3, 8, wall + 1, NULL), record(2, 1, wall, NULL),
					record(1, 6, wall, NULL),
					record(2, 2, wall + 1, "192.0.2.2:2")};
	struct xt_peer_records records = {0};

	(void)state;
	assert_int_equal(xt_peer_records_merge(&records, first, 2, wall), 0);
	assert_int_equal(xt_peer_records_merge(&records, then, 4, wall), 0);
	assert_int_equal(records.n, 3);
	assert_int_equal(records.v[0].timestamp[11], 6);
	assert_endpoint(&records.v[0], "192.0.2.1:1"); /* not heard again */
	assert_int_equal(records.v[1].timestamp[11], 2);
	assert_endpoint(&records.v[1], "192.0.2.2:2");
	assert_int_equal(records.v[2].timestamp[11], 9);
	assert_endpoint(&records.v[2], "-"); /* heard at its configured endpoint */
	xt_peer_records_clear(&records);
}

static void records_of_long_ago_are_dropped(void **state)
{
	const uint64_t wall = wall_now();
	struct xt_peer_memory v[] = {record(1, 1, wall - XT_PEER_RECORD_AGE_NS - SECOND, NULL),
				     record(2, 1, wall - XT_PEER_RECORD_AGE_NS, NULL),
				     record(3, 1, wall + 1000 * SECOND, NULL)};
	struct xt_peer_records records = {0};

	(void)state;
	assert_int_equal(xt_peer_records_merge(&records, v, 3, wall), 0);
	assert_int_equal(records.n, 2);
	assert_int_equal(records.v[0].key.b[0], 2);
	xt_peer_records_clear(&records);
}

static void store_keeps_what_was_written_before_and_after(void **state)
{
	struct xt_peer_memory r = record(9, 4, wall_now(), "192.0.2.9:9");
	struct xt_peer_store *store;
	char path[128];
	struct stat st;

	(void)state;
	assert_int_equal(xt_peer_store_open(&store, dir, NAME), 0);
	assert_int_equal(xt_peer_store_records(store)->n, 0);
	assert_int_equal(xt_peer_store_write(store, &r, 1), 0);
	snprintf(path, sizeof(path), "%s/" NAME ".peers", dir);
	for (int i = 0; i < 500 && stat(path, &st) != 0; i++)
		usleep(10000);
	assert_int_equal(stat(path, &st), 0); /* before close: as after kill -9 */
	assert_int_equal(st.st_mode & 0777, 0600);
	r.key.b[0] = 8;
	(void)xt_peer_store_write(store, &r, 1); /* perhaps too soon: close writes it */
	xt_peer_store_close(store);
	assert_int_equal(xt_peer_store_open(&store, dir, NAME), 0);
	assert_int_equal(xt_peer_store_records(store)->n, 2);
	assert_endpoint(&xt_peer_store_records(store)->v[1], "192.0.2.9:9");
	xt_peer_store_close(store);
}

static void without_a_directory_nothing_is_kept(void **state)
{
	struct xt_peer_memory r = record(9, 4, wall_now(), NULL);
	struct xt_peer_store *store;

	(void)state;
	assert_int_equal(xt_peer_store_open(&store, NULL, NAME), 0);
	assert_int_equal(xt_peer_store_write(store, &r, 1), 0);
	assert_int_equal(xt_peer_store_records(store)->n, 0);
	xt_peer_store_close(store);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TEST_MAIN(T(text_and_records_are_each_others_inverse), T(damaged_lines_are_left_out),
	  T(merge_keeps_the_newer_record_and_the_greatest_timestamp),
	  T(records_of_long_ago_are_dropped), T(store_keeps_what_was_written_before_and_after),
	  T(without_a_directory_nothing_is_kept))
