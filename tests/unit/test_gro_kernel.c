/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Merge and split against captures of the kernel's (tests/vectors/gro.txt, gso.txt): super-packets
 * and segments byte by byte. Where they differ, the case says how and why. */
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

/* Prints both and continues with the next case. */
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

static void bursts_are_merged_as_the_kernel_merges_them(void **state)
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

static void a_merged_burst_is_split_into_the_same_packets(void **state)
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

/* Every listed difference must still exist. */
static void differences_are_exactly_those_listed(void **state)
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

static void super_packets_are_split_as_the_kernel_splits_them(void **state)
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
	    cmocka_unit_test(bursts_are_merged_as_the_kernel_merges_them),
	    cmocka_unit_test(a_merged_burst_is_split_into_the_same_packets),
	    cmocka_unit_test(differences_are_exactly_those_listed),
	    cmocka_unit_test(super_packets_are_split_as_the_kernel_splits_them),
	};
	int rc;

	gro_ours_init(&ours);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	gro_ours_clear(&ours);
	return rc;
}
