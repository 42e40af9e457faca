/* SPDX-License-Identifier: MIT */
/* Name servers on macOS: what scutil(8) is told, and that its runner runs nothing else. A script
 * takes the place of scutil. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/dns_uv.h"
#include "host/runner.h"
#include "host/scutil_text.h"
#include "test_main.h"

static char dir[] = "/tmp/xt-scutil-XXXXXX";
static char warning[400];
static unsigned tried, ended, way_of_end;

static const char set_text[] = "open\n"
			       "d.init\n"
			       "d.add ServerAddresses * 10.7.0.53 fd07::53\n"
			       "d.add SearchDomains * example.org corp.example\n"
			       "d.add SupplementalMatchDomains * \"\"\n"
			       "set State:/Network/Service/xtunnel-utun7/DNS\n"
			       "quit\n";
static const char unset_text[] = "open\n"
				 "remove State:/Network/Service/xtunnel-utun7/DNS\n"
				 "quit\n";

static char *const words[] = {"10.7.0.53", "example.org", "fd07::53", "corp.example"};

/* The script keeps its input in a file. */
static int setup(void **state)
{
	char path[64], env[600];
	FILE *file;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/scutil", dir);
	file = fopen(path, "w");
	fprintf(file, "#!/bin/sh\ncat >%s/said\n[ ! -e %s/refuse ] || { echo no >&2; exit 1; }\n",
		dir, dir);
	fclose(file);
	chmod(path, 0755);
	snprintf(env, sizeof(env), "%s:%s", dir, getenv("PATH"));
	return setenv("PATH", env, 1);
}

static int teardown(void **state)
{
	static const char *const names[] = {"scutil", "said", "refuse"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static void said_is(const char *wanted)
{
	char path[64], text[1000] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/said", dir);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, wanted);
}

static void on_trying(void *ctx, enum xt_dns_way way, const char *path)
{
	(void)ctx;
	assert_int_equal(way, XT_DNS_SCUTIL);
	assert_null(path);
	tried++;
}

static void on_warn(void *ctx, const char *sentence)
{
	(void)ctx;
	snprintf(warning, sizeof(warning), "%s", sentence);
}

static void on_done(void *ctx, unsigned way)
{
	(void)ctx;
	ended++;
	way_of_end = way;
}

static const struct xt_dns_callbacks callbacks = {
    .trying = on_trying, .warn = on_warn, .done = on_done};

static void job_run(bool set, bool cancel)
{
	struct xt_dns_job *job;
	uv_loop_t loop;

	tried = ended = 0;
	warning[0] = '\0';
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(set ? xt_dns_set(&job, &loop, "utun7", words, 4, &callbacks)
			     : xt_dns_unset(&job, &loop, "utun7", XT_DNS_SCUTIL, NULL, &callbacks),
			 0);
	if (cancel)
		xt_dns_cancel(job);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(ended, 1);
}

static void servers_are_an_entry_that_is_set_and_removed(void **state)
{
	(void)state;
	job_run(true, false);
	assert_int_equal(tried, 1);
	assert_int_equal(way_of_end, XT_DNS_SCUTIL);
	said_is(set_text);
	job_run(false, false);
	assert_int_equal(way_of_end, 0);
	said_is(unset_text);
	assert_string_equal(warning, "");
}

static void a_refusal_is_told(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/refuse", dir);
	fclose(fopen(path, "w"));
	job_run(true, false);
	assert_int_equal(way_of_end, 0);
	assert_non_null(strstr(warning, "scutil"));
	assert_non_null(strstr(warning, "the host keeps its name servers"));
	job_run(false, false);
	assert_int_equal(way_of_end, XT_DNS_SCUTIL); /* what could not be undone */
	unlink(path);
}

static void a_cancelled_job_runs_nothing(void **state)
{
	(void)state;
	job_run(true, true);
	assert_int_equal(tried, 0);
	assert_int_equal(way_of_end, 0);
	assert_string_equal(warning, "");
}

static bool runs(const char *text)
{
	const char *const argv[] = {"scutil", "--set"};

	assert_false(xt_runner_command_ok("utun7", argv, 2, text, strlen(text)));
	return xt_runner_command_ok("utun7", argv, 1, text, strlen(text));
}

static void the_runner_runs_nothing_else(void **state)
{
	char text[1000];

	(void)state;
	assert_true(runs(set_text));
	assert_true(runs(unset_text));
	assert_true(runs("open\nd.init\nset State:/Network/Service/xtunnel-utun7/DNS\nquit\n"));
	assert_false(runs(""));
	assert_false(runs("open\nremove State:/Network/Service/xtunnel-utun8/DNS\nquit\n"));
	assert_false(runs("open\nremove Setup:/Network/Global/DNS\nquit\n"));
	assert_false(runs("open\nd.init\nd.add ServerAddresses * example.org\n"
			  "d.add SupplementalMatchDomains * \"\"\n"
			  "set State:/Network/Service/xtunnel-utun7/DNS\nquit\n"));
	snprintf(text, sizeof(text), "%sremove State:/Network/Global/DNS\n", set_text);
	assert_false(runs(text));
	for (size_t i = 0; i < sizeof(set_text) - 1; i++) { /* every byte counts */
		memcpy(text, set_text, sizeof(set_text));
		text[i] ^= 1;
		if (strspn(text + i, "0123456789abcdefghijklmnopqrstuvwxyz.:") == 0)
			assert_false(xt_scutil_text_ok(text, sizeof(set_text) - 1, "utun7"));
		assert_false(xt_scutil_text_ok(set_text, i, "utun7"));
	}
}

GROUP_TEST_MAIN(setup, teardown, cmocka_unit_test(servers_are_an_entry_that_is_set_and_removed),
		cmocka_unit_test(a_refusal_is_told), cmocka_unit_test(a_cancelled_job_runs_nothing),
		cmocka_unit_test(the_runner_runs_nothing_else))
