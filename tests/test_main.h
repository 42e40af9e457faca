/* SPDX-License-Identifier: MIT */
/* The main function of most test programs. Include it after cmocka.h. */
#ifndef XT_TESTS_TEST_MAIN_H
#define XT_TESTS_TEST_MAIN_H

/* Run these tests, each a cmocka_unit_test or the like, between a set-up and a tear-down of the
 * group; either may be NULL. */
#define GROUP_TEST_MAIN(setup, teardown, ...)                                                      \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                   \
                                                                                                   \
		return cmocka_run_group_tests(tests, setup, teardown);                             \
	}

/* Run these tests without a set-up of the group. */
#define TEST_MAIN(...) GROUP_TEST_MAIN(NULL, NULL, __VA_ARGS__)

/* Run these tests of random input: the seed (seed.h) is printed and lies in variable. */
#define SEED_TEST_MAIN(variable, ...)                                                              \
	static int variable##_begin(void **unused)                                                 \
	{                                                                                          \
		(void)unused;                                                                      \
		variable = xt_seed();                                                              \
		return 0;                                                                          \
	}                                                                                          \
	GROUP_TEST_MAIN(variable##_begin, NULL, __VA_ARGS__)

#endif
