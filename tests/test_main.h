/* SPDX-License-Identifier: MIT */
/* The main function of most test programs. Include it after cmocka.h. */
#ifndef XT_TESTS_TEST_MAIN_H
#define XT_TESTS_TEST_MAIN_H

/* Run these tests, each a cmocka_unit_test or the like, without a set-up of the group. */
#define TEST_MAIN(...)                                                                             \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                   \
                                                                                                   \
		return cmocka_run_group_tests(tests, NULL, NULL);                                  \
	}

#endif
