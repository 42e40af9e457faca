/* SPDX-License-Identifier: MIT */
/* Linked into the test programs of a target that has a list of skips (XT_SKIPS): takes the place of
 * cmocka's runner, and of the tests that the list names for this program only their skip is left.
 * A line of the list is `PROGRAM TEST REASON`, TEST may be `*`; others begin with `#`. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int __real__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
				   CMFixtureFunction setup, CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
				   CMFixtureFunction setup, CMFixtureFunction teardown);

static void test_skip(void **state)
{
	printf("skip-case: %s\n", (const char *)*state);
	skip();
}

/* A line is kept as long as the program runs: `TEST: REASON` of it is a test's state. Returns how
 * many tests it names. */
static size_t line_apply(const char *line, struct CMUnitTest *tests, size_t n)
{
	char program[64], test[128], *text;
	size_t matched = 0;
	int reason = 0;

	if (sscanf(line, "%63s %127s %n", program, test, &reason) < 2 || program[0] == '#' ||
	    strcmp(program, program_invocation_short_name) != 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(test, "*") != 0 && strcmp(test, tests[i].name) != 0)
			continue;
		if (asprintf(&text, "%s: %s", tests[i].name, line + reason) < 0)
			abort();
		text[strcspn(text, "\n")] = '\0';
		tests[i] = (struct CMUnitTest){tests[i].name, test_skip, NULL, NULL, text};
		matched++;
	}
	if (matched)
		return matched;
	fprintf(stderr, "%s names no test: %s", XT_SKIPS, line);
	exit(1);
}

int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
				   CMFixtureFunction setup, CMFixtureFunction teardown)
{
	struct CMUnitTest *rest = calloc(n, sizeof(*rest));
	FILE *list = fopen(XT_SKIPS, "re");
	size_t skipped = 0;
	char line[512];
	int failed;

	if (!rest || !list) {
		perror(XT_SKIPS);
		exit(1);
	}
	memcpy(rest, tests, n * sizeof(*rest));
	while (fgets(line, sizeof(line), list))
		skipped += line_apply(line, rest, n);
	fclose(list);
	if (skipped >= n) /* what the set-up needs may be what is missing */
		setup = teardown = NULL;
	failed = __real__cmocka_run_group_tests(name, rest, n, setup, teardown);
	free(rest);
	return failed;
}
