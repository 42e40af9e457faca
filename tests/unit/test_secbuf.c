/* SPDX-License-Identifier: MIT */
/* layers: base */
/* The growing buffer. Its source is included so that each block it frees is inspected first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t blocks_freed;
static bool out_of_memory;

/* Fails on a byte that is not wiped; the allocator's slack behind the block is not looked at. */
static void checked_free(void *p)
{
	for (size_t i = 0; p && i + 16 < malloc_usable_size(p); i++)
		if (((const char *)p)[i] == 's')
			fail_msg("byte %zu of a freed block is not wiped", i);
	blocks_freed += p != NULL;
	free(p);
}

static void *checked_malloc(size_t n)
{
	return out_of_memory ? NULL : malloc(n);
}

#define free   checked_free
#define malloc checked_malloc
#include "base/secbuf.c"
#include "test_main.h"
#undef free
#undef malloc

static int reset(void **state)
{
	(void)state;
	blocks_freed = 0;
	out_of_memory = false;
	return 0;
}

static void growth_keeps_the_contents_and_wipes_what_it_leaves(void **state)
{
	struct xt_secbuf buf = XT_SECBUF_INIT(XT_SECBUF_MAX);

	(void)state;
	for (int i = 0; i < 20000; i++)
		assert_int_equal(xt_secbuf_puts(&buf, "ss"), 0);
	assert_int_equal(buf.len, 40000);
	assert_int_equal(strspn(buf.p, "s"), 40000);
	assert_true(blocks_freed >= 5);
	xt_secbuf_clear(&buf);
	assert_null(buf.p);
	assert_int_equal(buf.max, XT_SECBUF_MAX);
}

static void the_limit_counts_bytes_and_an_error_stays(void **state)
{
	struct xt_secbuf buf = XT_SECBUF_INIT(10);
	size_t len;
	char *text;

	(void)state;
	assert_int_equal(xt_secbuf_append(&buf, "sssssssss", 9), 0);
	assert_int_equal(xt_secbuf_puts(&buf, "ss"), XT_E_FULL);
	assert_int_equal(buf.len, 9);
	assert_int_equal(xt_secbuf_puts(&buf, "s"), XT_E_FULL); /* would fit */
	assert_int_equal(xt_secbuf_printf(&buf, "s"), XT_E_FULL);
	assert_int_equal(xt_secbuf_detach(&buf, &text, &len), XT_E_FULL);
	assert_null(text);
	assert_int_equal(blocks_freed, 1);
	assert_int_equal(xt_secbuf_puts(&buf, "0123456789"), 0);
	assert_string_equal(buf.p, "0123456789");
	xt_secbuf_clear(&buf);
}

static void a_printed_text_may_be_longer_than_the_buffer(void **state)
{
	struct xt_secbuf buf = XT_SECBUF_INIT(100000), small = XT_SECBUF_INIT(4);
	static char many[5000];
	size_t len;
	char *text;

	(void)state;
	memset(many, 's', sizeof(many) - 1);
	assert_int_equal(xt_secbuf_printf(&buf, "%d=", 12), 0);
	assert_string_equal(buf.p, "12=");
	assert_int_equal(xt_secbuf_printf(&buf, "%s.", many), 0);
	assert_int_equal(buf.len, 3 + 4999 + 1);
	assert_int_equal(xt_secbuf_detach(&buf, &text, &len), 0);
	assert_int_equal(len, 5003);
	assert_int_equal(strlen(text), 5003);
	assert_int_equal(strncmp(text, "12=ss", 5), 0);
	assert_int_equal(strcmp(text + 5001, "s."), 0);
	free(text);
	assert_null(buf.p);

	assert_int_equal(xt_secbuf_printf(&small, "%s", "abc"), 0);
	assert_int_equal(xt_secbuf_printf(&small, "%s", "de"), XT_E_FULL);
	assert_string_equal(small.p, "abc");
	xt_secbuf_clear(&small);
}

static void reads_fill_the_room_up_to_the_limit(void **state)
{
	struct xt_secbuf buf = XT_SECBUF_INIT(100000);
	size_t room;

	(void)state;
	while (xt_secbuf_room(&buf, &room) == 0) {
		assert_true(room > 0 && buf.len + room <= 100000);
		memset(buf.p + buf.len, 's', room);
		xt_secbuf_added(&buf, room);
	}
	assert_int_equal(buf.len, 100000);
	assert_int_equal(room, 0);
	buf.p[60000] = 'b';
	xt_secbuf_take(&buf, 60000);
	assert_int_equal(buf.len, 40000);
	assert_int_equal(buf.p[0], 'b');
	for (size_t i = buf.len; i < buf.cap - 1; i++)
		assert_int_equal(buf.p[i], 0);
	assert_int_equal(xt_secbuf_room(&buf, &room), 0); /* being full was no lasting error */
	assert_int_equal(room, 60000);
	xt_secbuf_take(&buf, buf.len);
	assert_null(buf.p); /* the memory of a long request is not kept */
	xt_secbuf_clear(&buf);
}

static void without_memory_the_contents_stay(void **state)
{
	struct xt_secbuf buf = XT_SECBUF_INIT(XT_SECBUF_MAX);
	size_t room, len;
	char *text;

	(void)state;
	assert_int_equal(xt_secbuf_puts(&buf, "secret"), 0);
	out_of_memory = true;
	assert_int_equal(xt_secbuf_printf(&buf, "%2000d", 1), XT_E_NOMEM);
	assert_string_equal(buf.p, "secret");
	assert_int_equal(xt_secbuf_detach(&buf, &text, &len), XT_E_NOMEM);
	assert_null(buf.p);
	assert_int_equal(xt_secbuf_room(&buf, &room), XT_E_NOMEM);
	assert_int_equal(room, 0);
	out_of_memory = false;
	assert_int_equal(xt_secbuf_detach(&buf, &text, &len), 0);
	assert_string_equal(text, "");
	free(text);
}

TEST_MAIN(cmocka_unit_test_setup(growth_keeps_the_contents_and_wipes_what_it_leaves, reset),
	  cmocka_unit_test_setup(the_limit_counts_bytes_and_an_error_stays, reset),
	  cmocka_unit_test_setup(a_printed_text_may_be_longer_than_the_buffer, reset),
	  cmocka_unit_test_setup(reads_fill_the_room_up_to_the_limit, reset),
	  cmocka_unit_test_setup(without_memory_the_contents_stay, reset))
