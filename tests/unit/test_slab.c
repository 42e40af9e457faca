/* layers: base */
/* Slabs: zeroes, where they begin, and that becoming huge changes no byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/slab.h"

static void a_slab_is_zero_and_may_have_any_length(void **state)
{
	static const size_t lens[] = {1, 4096, 100000, XT_SLAB_HUGE, 3 * XT_SLAB_HUGE + 5};

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		uint8_t *slab = xt_slab_new(lens[i]);

		assert_non_null(slab);
		if (lens[i] >= XT_SLAB_HUGE)
			assert_int_equal((uintptr_t)slab % XT_SLAB_HUGE, 0);
		assert_int_equal(slab[0] | slab[lens[i] / 2] | slab[lens[i] - 1], 0);
		slab[lens[i] - 1] = 1;
		xt_slab_free(slab, lens[i], lens[i]);
	}
	xt_slab_free(NULL, 1, 1);
	assert_null(xt_slab_new(SIZE_MAX - 100));
}

static void warming_keeps_what_is_there(void **state)
{
	size_t len = XT_SLAB_HUGE + 12345;
	uint8_t *slab = xt_slab_new(len);

	(void)state;
	for (size_t i = 0; i < len; i += 1000)
		slab[i] = (uint8_t)(i / 1000);
	xt_slab_warm(slab, len);
	xt_slab_warm(slab, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(slab[i], i % 1000 ? 0 : (uint8_t)(i / 1000));
	xt_slab_free(slab, len, len);
	slab = xt_slab_new(1000);
	xt_slab_warm(slab, 1000);
	xt_slab_free(slab, 1000, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_slab_is_zero_and_may_have_any_length),
	    cmocka_unit_test(warming_keeps_what_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
