/* layers: packet base */
/* Our joining and cutting against captures of the kernel's own (tests/vectors/gro.txt, gso.txt):
 * super-packets and segments byte by byte. Where we differ, the case says why, and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gro_ours.h"
#include "gso_case.h"

static struct gro_case one;
static struct gso_case cut;
static struct gro_ours ours;

static FILE *vectors(const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", XT_VECTORS, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is not there", path);
	return f;
}

/* Tells all of both, and goes on: the next case may say more. */
static bool as_the_kernel(struct gro_case *c)
{
	const char *what = gro_ours_run(&ours, c);

	if (!what)
		what = gro_judge(c, &ours.groups, &c->kernel);
	if (!what)
		return true;
	print_error("%s: %s\n", c->name, what);
	gro_groups_print(stderr, "\tkernel ", &c->kernel);
	gro_groups_print(stderr, "\tours   ", &ours.groups);
	return false;
}

static void bursts_are_joined_as_the_kernel_joins_them(void **state)
{
	FILE *f = vectors("gro.txt");
	int n = 0, wrong = 0;

	(void)state;
	for (; gro_case_read(&one, f, NULL); n++)
		wrong += !as_the_kernel(&one);
	fclose(f);
	assert_int_equal(wrong, 0);
	assert_true(n > 100);
}

static void what_is_joined_is_cut_into_the_same_packets(void **state)
{
	FILE *f = vectors("gro.txt");

	(void)state;
	while (gro_case_read(&one, f, NULL)) {
		const char *what = gro_ours_run(&ours, &one);

		if (!what)
			what = gro_ours_back(&ours, &one);
		if (what)
			fail_msg("%s: %s", one.name, what);
	}
	fclose(f);
}

/* A listed difference that is none any more is to be taken off the list, and all are used. */
static void we_differ_where_it_is_said_and_nowhere_else(void **state)
{
	const size_t reasons = sizeof(gro_reasons) / sizeof(gro_reasons[0]);
	bool used[sizeof(gro_reasons) / sizeof(gro_reasons[0])] = {false};
	FILE *f = vectors("gro.txt");

	(void)state;
	while (gro_case_read(&one, f, NULL)) {
		for (size_t i = 0; i < reasons; i++)
			used[i] = used[i] || strcmp(one.differs, gro_reasons[i].name) == 0;
		if (!one.differs[0])
			continue;
		assert_null(gro_ours_run(&ours, &one));
		gro_sort(&ours.groups, &one, false);
		gro_sort(&one.kernel, &one, false);
		if (!gro_compare(&ours.groups, &one.kernel))
			fail_msg("%s does not differ", one.name);
	}
	fclose(f);
	for (size_t i = 0; i < reasons; i++)
		if (!used[i])
			fail_msg("no case differs for the reason '%s'", gro_reasons[i].name);
}

static void super_packets_are_cut_as_the_kernel_cuts_them(void **state)
{
	FILE *f = vectors("gso.txt");
	int n = 0, wrong = 0;

	(void)state;
	for (; gso_case_read(&cut, f, NULL); n++) {
		const char *what;

		gso_ours(&cut, ours.in, ours.back);
		what = gso_compare(&cut, ours.back);
		if (!what)
			continue;
		print_error("%s: %s\n", cut.name, what);
		wrong++;
	}
	fclose(f);
	assert_int_equal(wrong, 0);
	assert_true(n > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bursts_are_joined_as_the_kernel_joins_them),
	    cmocka_unit_test(what_is_joined_is_cut_into_the_same_packets),
	    cmocka_unit_test(we_differ_where_it_is_said_and_nowhere_else),
	    cmocka_unit_test(super_packets_are_cut_as_the_kernel_cuts_them),
	};
	int rc;

	gro_ours_init(&ours);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	gro_ours_clear(&ours);
	return rc;
}
