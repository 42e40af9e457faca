/* SPDX-License-Identifier: MIT */
/* layers: host crypto base */
/* A reload changes the firewall where the system has one, and asks for no program where it has
 * none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "host/firewall.h"
#include "host/host_impl.h"
#include "test_main.h"

static const struct xt_link_policy routed = {.table = 51820, .priority = {32764, 32765}};
static const struct xt_link_policy plain;
static bool exists;
static unsigned started, finished;
static int last;

bool __wrap_xt_firewall_exists(void);
bool __wrap_xt_firewall_exists(void)
{
	return exists;
}

int __wrap_xt_command_start(struct xt_command **out, uv_loop_t *loop, struct xt_runner *runner,
			    const char *const *argv, const char *input, size_t len,
			    xt_command_done *done, void *ctx);
/* In place of the program: it ends at once, and well. */
int __wrap_xt_command_start(struct xt_command **out, uv_loop_t *loop, struct xt_runner *runner,
			    const char *const *argv, const char *input, size_t len,
			    xt_command_done *done, void *ctx)
{
	const struct xt_command_result result = {0};

	(void)out;
	(void)loop;
	(void)runner;
	assert_string_equal(argv[0], "nft");
	assert_true(len > 0 && input);
	started++;
	done(ctx, &result);
	return 0;
}

static void on_changed(void *ctx, int error, const char *text)
{
	(void)ctx;
	assert_string_equal(text, "");
	finished++;
	last = error;
}

static int begin(void **state)
{
	struct xt_host *host = calloc(1, sizeof(*host));

	memcpy(host->name, "left", 5);
	started = finished = 0;
	*state = host;
	return 0;
}

static int end(void **state)
{
	free(*state);
	return 0;
}

static void a_reload_asks_for_no_program_without_a_firewall(void **state)
{
	struct xt_host *host = *state;
	const struct xt_conf conf = {0};

	exists = false;
	xt_host_change_firewall(host, &conf, &routed, on_changed, NULL);
	assert_int_equal(finished, 1);
	assert_int_equal(last, 0);
	assert_false(host->state.firewall);
	xt_host_change_finish(host, &routed, false, on_changed, NULL);
	xt_host_change_finish(host, &plain, false, on_changed, NULL);
	assert_int_equal(finished, 3);
	assert_int_equal(started, 0);
}

static void a_reload_makes_the_table_and_takes_it_back(void **state)
{
	struct xt_host *host = *state;
	const struct xt_conf conf = {0};

	exists = true;
	xt_host_change_firewall(host, &conf, &plain, on_changed, NULL);
	assert_int_equal(started, 0);
	xt_host_change_firewall(host, &conf, &routed, on_changed, NULL);
	assert_int_equal(started, 1);
	assert_true(host->state.firewall);
	xt_host_change_finish(host, &routed, false, on_changed, NULL);
	assert_int_equal(started, 1);
	xt_host_change_finish(host, &plain, false, on_changed, NULL);
	assert_int_equal(started, 2);
	assert_false(host->state.firewall);
	assert_int_equal(finished, 4);
}

TEST_MAIN(cmocka_unit_test_setup_teardown(a_reload_asks_for_no_program_without_a_firewall, begin,
					  end),
	  cmocka_unit_test_setup_teardown(a_reload_makes_the_table_and_takes_it_back, begin, end))
