/* SPDX-License-Identifier: MIT */
/* layers: exporter daemon host config ipc platform core crypto packet base */
/* Which requests the exporter serves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exporter/http_rules.h"
#include "test_main.h"

static int judge(const struct xt_http_rules *rules, const char *method, const char *path,
		 const char *host)
{
	struct xt_http_request request = {
	    .method = method, .path = path, .host = host, .n_hosts = host ? 1 : 0};
	enum xt_http_route route;

	return xt_http_judge(rules, &request, &route);
}

static int host(const char *address, const char *hosts, const char *name)
{
	return judge(&(struct xt_http_rules){address, hosts}, "GET", "/", name);
}

static void hosts_of_this_host_are_served(void **state)
{
	static const char *const names[] = {"localhost",   "LocalHost:9586", "127.0.0.1",
					    "127.0.0.1:1", "[::1]",	     "[::1]:9586"};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(host(NULL, NULL, names[i]), 0);
	assert_int_equal(host("192.0.2.1", NULL, "192.0.2.1:9586"), 0);
	assert_int_equal(host("2001:db8::1", NULL, "[2001:db8::1]:9586"), 0);
}

static void other_hosts_are_refused_unless_they_are_named(void **state)
{
	static const char *const names[] = {"evil.example", "localhost.evil.example", "localhos",
					    "127.0.0.10",   "127.0.0.1.nip.io",	      "[::2]",
					    "a,b"};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(host(NULL, NULL, names[i]), 403);
		assert_int_equal(host("192.0.2.1", "a,b", names[i]), 403);
	}
	assert_int_equal(host(NULL, "a.example,b.example", "B.example:80"), 0);
	assert_int_equal(host(NULL, "a.example,b.example", "example"), 403);
	assert_int_equal(host(NULL, "a.example,", ""), 400);
}

static void what_is_no_host_is_refused(void **state)
{
	static const char *const names[] = {
	    NULL,   "",	      ":80", "localhost:",     "localhost:8x",
	    "[::1", "[::1]x", "[]",  "localhost:80:80"};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(host(NULL, NULL, names[i]), 400);
}

static void two_hosts_are_refused(void **state)
{
	const struct xt_http_request request = {
	    .method = "GET", .path = "/", .host = "localhost", .n_hosts = 2};
	enum xt_http_route route;
	(void)state;

	assert_int_equal(xt_http_judge(&(struct xt_http_rules){0}, &request, &route), 400);
}

static void methods_and_paths_are_those_that_exist(void **state)
{
	const struct xt_http_rules rules = {0};
	struct xt_http_request request = {
	    .method = "HEAD", .path = "/healthz", .host = "localhost", .n_hosts = 1};
	enum xt_http_route route;
	(void)state;

	assert_int_equal(xt_http_judge(&rules, &request, &route), 0);
	assert_int_equal(route, XT_HTTP_HEALTH);
	request.body = true;
	assert_int_equal(xt_http_judge(&rules, &request, &route), 413);
	assert_int_equal(judge(&rules, "POST", "/metrics", "localhost"), 405);
	assert_int_equal(judge(&rules, "get", "/metrics", "localhost"), 405);
	assert_int_equal(judge(&rules, "GET", "/metrics/", "localhost"), 404);
	assert_int_equal(judge(&rules, "GET", "", "localhost"), 404);
}

static void the_format_is_what_the_client_accepts(void **state)
{
	(void)state;
	assert_int_equal(xt_http_format(NULL), XT_METRICS_TEXT);
	assert_int_equal(xt_http_format("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
			 XT_METRICS_TEXT);
	assert_int_equal(xt_http_format("application/openmetrics-text;version=1.0.0;q=0.8"),
			 XT_METRICS_OPENMETRICS);
}

TEST_MAIN(cmocka_unit_test(hosts_of_this_host_are_served),
	  cmocka_unit_test(other_hosts_are_refused_unless_they_are_named),
	  cmocka_unit_test(what_is_no_host_is_refused), cmocka_unit_test(two_hosts_are_refused),
	  cmocka_unit_test(methods_and_paths_are_those_that_exist),
	  cmocka_unit_test(the_format_is_what_the_client_accepts))
