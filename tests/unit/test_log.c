/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Log lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/log.h"
#include "base/message.h"
#include "test_main.h"

static char logged[2000];
static enum xt_log_level level_reported;
static int lines;

static char peer[200], code[200];
static bool message;

static void keep(void *ctx, const struct xt_log_line *line)
{
	assert_ptr_equal(ctx, &lines);
	snprintf(logged, sizeof(logged), "%s", line->text);
	snprintf(peer, sizeof(peer), "%s", line->about.peer ? line->about.peer : "-");
	snprintf(code, sizeof(code), "%s", line->about.code ? line->about.code : "-");
	message = line->message;
	level_reported = line->level;
	lines++;
	errno = EIO;
}

static void only_levels_up_to_the_threshold_are_logged(void **state)
{
	(void)state;
	xt_log_set_sink(keep, &lines);
	lines = 0;
	xt_log_debug("not at first");
	assert_int_equal(lines, 0);
	xt_log_notice("%s %d", "handshake", 7);
	assert_int_equal(lines, 1);
	assert_int_equal(level_reported, XT_LOG_NOTICE);
	assert_string_equal(logged, "handshake 7");
	xt_log_set_level(XT_LOG_ERROR);
	xt_log_warning("no");
	xt_log_error("yes");
	assert_int_equal(lines, 2);
	xt_log_set_level(XT_LOG_SILENT);
	xt_log_error("no");
	assert_false(xt_log_enabled(XT_LOG_SILENT));
	assert_int_equal(lines, 2);
	xt_log_set_level(XT_LOG_DEBUG);
	xt_log_debug("yes");
	assert_int_equal(lines, 3);
	assert_string_equal(xt_log_level_text(XT_LOG_WARNING), "warning");
}

static void an_event_is_one_line_without_control_characters(void **state)
{
	char big[3000];

	(void)state;
	xt_log_set_sink(keep, &lines);
	xt_log_set_level(XT_LOG_NOTICE);
	xt_log_notice("peer %s", "a\nerror: b\x1b[2J\x7f\tgr\xc3\xbc\xc3\x9f");
	assert_string_equal(logged, "peer a?error: b?[2J??gr\xc3\xbc\xc3\x9f");
	xt_log_notice("peer %s", "\xc2\x9b"
				 "2J\x9b"
				 "2J\xe2\x80\xae"
				 "cba");
	assert_string_equal(logged, "peer ?2J?2J?cba");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	xt_log_notice("%s", big);
	assert_int_equal(strlen(logged), 1000);
}

static void a_line_carries_peer_and_code(void **state)
{
	(void)state;
	xt_log_set_sink(keep, &lines);
	xt_log_set_level(XT_LOG_NOTICE);
	xt_log_about(XT_LOG_NOTICE, &(struct xt_log_fields){"a\nb", "session"}, "line %d", 1);
	assert_string_equal(logged, "line 1");
	assert_string_equal(peer, "a?b");
	assert_string_equal(code, "session");
	xt_log_notice("line 2");
	assert_string_equal(peer, "-");
	lines = 0;
	xt_log_about(XT_LOG_VERBOSE, &(struct xt_log_fields){"a", NULL}, "below");
	assert_int_equal(lines, 0);
}

static void messages_go_where_the_log_goes(void **state)
{
	(void)state;
	xt_log_set_sink(keep, &lines);
	xt_log_set_level(XT_LOG_SILENT);
	xt_message("left is %s", "ready");
	assert_string_equal(logged, "left is ready");
	assert_true(message);
	assert_int_equal(level_reported, XT_LOG_NOTICE);
	assert_int_equal(xt_fail(4, "no\x1b"), 4);
	assert_string_equal(logged, "no?");
	assert_int_equal(level_reported, XT_LOG_ERROR);
	lines = 0;
	xt_message_lines(XT_LOG_WARNING, "one\ntwo\x1b\nthree", 14);
	assert_int_equal(lines, 3);
	assert_string_equal(logged, "three");
	assert_int_equal(level_reported, XT_LOG_WARNING);
	xt_log_set_sink(NULL, NULL);
	assert_false(xt_log_message(XT_LOG_NOTICE, "x"));
}

static void levels_have_words(void **state)
{
	enum xt_log_level level = XT_LOG_SILENT;

	(void)state;
	for (unsigned i = 0; i < XT_LOG_LEVELS; i++) {
		assert_true(xt_log_level_parse(&level, xt_log_level_text((enum xt_log_level)i)));
		assert_int_equal(level, i);
	}
	assert_true(xt_log_level_parse(&level, "Warning"));
	assert_int_equal(level, XT_LOG_WARNING);
	assert_false(xt_log_level_parse(&level, "loud"));
	assert_false(xt_log_level_parse(&level, ""));
	assert_int_equal(level, XT_LOG_WARNING);
}

static void errno_is_kept(void **state)
{
	(void)state;
	xt_log_set_sink(keep, &lines);
	errno = ENOENT;
	xt_log_notice("x");
	assert_int_equal(errno, ENOENT);
	xt_log_set_sink(NULL, NULL);
	xt_log_notice("to standard error");
}

TEST_MAIN(cmocka_unit_test(only_levels_up_to_the_threshold_are_logged),
	  cmocka_unit_test(an_event_is_one_line_without_control_characters),
	  cmocka_unit_test(a_line_carries_peer_and_code),
	  cmocka_unit_test(messages_go_where_the_log_goes), cmocka_unit_test(levels_have_words),
	  cmocka_unit_test(errno_is_kept))
