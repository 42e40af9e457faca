/* SPDX-License-Identifier: MIT */
/* layers: crypto base */
/* The pool of secrets: new objects are zero, freed ones are wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "crypto/secret.h"
#include "test_main.h"

static const uint8_t zero[256];

static void objects_come_zeroed_aligned_and_apart(void **state)
{
	struct xt_secret_pool *pool;
	uint8_t *object[50];

	(void)state;
	assert_int_equal(xt_secret_pool_new(&pool, 100, 7), 0);
	for (size_t i = 0; i < XT_LEN(object); i++) {
		object[i] = xt_secret_get(pool);
		assert_non_null(object[i]);
		assert_int_equal((uintptr_t)object[i] % 16, 0);
		assert_memory_equal(object[i], zero, 100);
		memset(object[i], (int)(i + 1), 100);
	}
	assert_int_equal(xt_secret_used(pool), 50);
	for (size_t i = 0; i < XT_LEN(object); i++) {
		assert_int_equal(object[i][0], i + 1);
		assert_int_equal(object[i][99], i + 1);
		xt_secret_put(pool, object[i]);
	}
	assert_int_equal(xt_secret_used(pool), 0);
	xt_secret_pool_free(pool);
}

static void an_object_is_wiped_when_put_back(void **state)
{
	struct xt_secret_pool *pool;
	uint8_t *object;

	(void)state;
	assert_int_equal(xt_secret_pool_new(&pool, 64, 4), 0);
	object = xt_secret_get(pool);
	memset(object, 0xa5, 64);
	xt_secret_put(pool, object);
	/* Free, but the pool's own memory: all but its link is zero. */
	assert_memory_equal(object + sizeof(void *), zero, 64 - sizeof(void *));
	assert_ptr_equal(xt_secret_get(pool), object);
	assert_memory_equal(object, zero, 64);
	xt_secret_pool_free(pool);
}

static void a_pool_grows_once_for_each_chunk_and_reuses_it(void **state)
{
	struct xt_secret_pool *pool;
	void *first[6];

	(void)state;
	assert_int_equal(xt_secret_pool_new(&pool, 1, 3), 0);
	for (size_t i = 0; i < XT_LEN(first); i++)
		first[i] = xt_secret_get(pool);
	for (size_t round = 0; round < 1000; round++) {
		for (size_t i = 0; i < XT_LEN(first); i++)
			xt_secret_put(pool, first[i]);
		for (size_t i = XT_LEN(first); i-- > 0;)
			assert_ptr_equal(xt_secret_get(pool), first[i]);
	}
	xt_secret_pool_free(pool); /* with six objects in use */
}

/* The flags that Linux shows of the mapping that at lies in, or none. */
static bool mapping_flags(const void *at, char *flags, size_t len)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	bool inside = false;
	char line[512];

	flags[0] = '\0';
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		uintptr_t from, to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			inside = (uintptr_t)at >= from && (uintptr_t)at < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, len, "%.*s", (int)len - 1, line + 8);
	}
	if (f != NULL)
		fclose(f);
	return flags[0] != '\0';
}

/* Limits may forbid locking, and address sanitizers disable it: test whether a page can be
 * locked. */
static bool locking_works(void)
{
	const size_t len = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char flags[256];
	bool works;

	assert_true(page != MAP_FAILED);
	works = mlock(page, len) == 0 && mapping_flags(page, flags, sizeof(flags)) &&
		strstr(flags, " lo") != NULL;
	munmap(page, len);
	return works;
}

static void its_memory_is_locked_where_allowed_and_left_out_of_dumps(void **state)
{
	struct xt_secret_pool *pool;
	char flags[256];
	bool shown;

	(void)state;
	assert_int_equal(xt_secret_pool_new(&pool, 64, 4), 0);
	shown = mapping_flags(xt_secret_get(pool), flags, sizeof(flags));
	xt_secret_pool_free(pool);
	if (!shown)
		skip();
	assert_non_null(strstr(flags, " dd")); /* MADV_DONTDUMP */
	if (locking_works())
		assert_non_null(strstr(flags, " lo"));
}

static void sizes_that_make_no_pool_are_refused(void **state)
{
	struct xt_secret_pool *pool;

	(void)state;
	assert_int_equal(xt_secret_pool_new(&pool, 0, 1), XT_E_INVALID);
	assert_int_equal(xt_secret_pool_new(&pool, 1, 0), XT_E_INVALID);
	assert_int_equal(xt_secret_pool_new(&pool, SIZE_MAX, 1), XT_E_INVALID);
	assert_int_equal(xt_secret_pool_new(&pool, 64, SIZE_MAX / 32), XT_E_INVALID);
	xt_secret_pool_free(NULL);
}

static size_t mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	size_t n = 0;
	int c;

	if (!f)
		return 0;
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* A process has 65,530 mappings; and a limit of locked memory refuses no object. */
static void a_large_pool_takes_few_mappings_and_needs_no_locked_memory(void **state)
{
	struct rlimit none = {0, 0};
	struct xt_secret_pool *pool;
	size_t before = mappings();

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	assert_int_equal(xt_secret_pool_new(&pool, 1144, 16), 0);
	for (size_t i = 0; i < 100000; i++)
		assert_non_null(xt_secret_get(pool));
	assert_true(mappings() < before + 2000);
	xt_secret_pool_free(pool);
}

TEST_MAIN(cmocka_unit_test(objects_come_zeroed_aligned_and_apart),
	  cmocka_unit_test(an_object_is_wiped_when_put_back),
	  cmocka_unit_test(a_pool_grows_once_for_each_chunk_and_reuses_it),
	  cmocka_unit_test(its_memory_is_locked_where_allowed_and_left_out_of_dumps),
	  cmocka_unit_test(sizes_that_make_no_pool_are_refused),
	  cmocka_unit_test(a_large_pool_takes_few_mappings_and_needs_no_locked_memory))
