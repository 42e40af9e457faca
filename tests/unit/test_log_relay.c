/* SPDX-License-Identifier: MIT */
/* layers: host crypto base */
/* The relay of log lines between two processes: what is sent arrives, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/message.h"
#include "base/output.h"
#include "host/log_relay.h"
#include "host/log_sink.h"
#include "test_main.h"

static int sender, receiver, sent[2];
static char seen[4 << 20]; /* lines of this process's sink and output */
static size_t n_seen;

static void seen_add(const char *text, size_t len)
{
	if (len < sizeof(seen) - n_seen) {
		memcpy(seen + n_seen, text, len);
		n_seen += len;
	}
	seen[n_seen] = '\0';
}

static void on_line(void *ctx, const struct xt_log_line *line)
{
	char text[4500];
	int n = snprintf(text, sizeof(text), "<%s%s|%s|%s|%s>", xt_log_level_text(line->level),
			 line->message ? "!" : "", line->text,
			 line->about.peer ? line->about.peer : "-",
			 line->about.code ? line->about.code : "-");

	(void)ctx;
	seen_add(text, (size_t)n);
}

static int setup(void **state)
{
	(void)state;
	n_seen = 0;
	*seen = '\0';
	xt_log_set_sink(on_line, NULL);
	xt_output_set(seen_add);
	xt_log_set_level(XT_LOG_NOTICE);
	return xt_log_relay_open(&sender, &receiver, "left");
}

static int teardown(void **state)
{
	(void)state;
	close(receiver);
	xt_output_set(NULL);
	xt_log_set_sink(NULL, NULL);
	return 0;
}

/* The other process. */
static pid_t relayed(void (*speak)(void))
{
	pid_t child = fork();

	if (child == 0) {
		close(receiver);
		xt_log_relay_send(sender);
		speak();
		_exit(0);
	}
	close(sender);
	return child;
}

/* Everything that the other process sends. */
static int relay_read(pid_t child)
{
	struct pollfd poll_fd = {.fd = receiver, .events = POLLIN};
	int rc, status;

	while ((rc = xt_log_relay_read()) == 0)
		assert_int_equal(poll(&poll_fd, 1, 10000), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	return rc;
}

static void lines_speak(void)
{
	xt_log_about(XT_LOG_WARNING, &(struct xt_log_fields){"far", "word"}, "about %d", 7);
	xt_log_notice("plain");
	xt_log_debug("below the level");
	xt_message("a message");
	xt_log_about(XT_LOG_ERROR, &(struct xt_log_fields){.code = "code"}, "code alone");
	xt_output_put("text\nof lines\n", 14);
}

static void each_line_arrives_with_its_fields(void **state)
{
	(void)state;
	assert_int_equal(relay_read(relayed(lines_speak)), -EPIPE);
	assert_string_equal(seen, "<warning|about 7|far|word><notice|plain|-|->"
				  "<notice!|a message|-|-><error|code alone|-|code>"
				  "text\nof lines\n");
}

static void text_speak(void)
{
	xt_log_warning("a line");
	xt_message("a message");
	xt_hint("a hint");
}

static void without_a_sink_it_is_text_for_the_terminal(void **state)
{
	(void)state;
	xt_log_set_sink(NULL, NULL);
	assert_int_equal(relay_read(relayed(text_speak)), -EPIPE);
	assert_string_equal(seen, "xtunnel: warning: a line\nxtunnel: a message\n  a hint\n");
}

static void level_speak(void)
{
	xt_log_set_level(XT_LOG_DEBUG);
	xt_log_relay_level();
}

static void the_level_follows(void **state)
{
	(void)state;
	assert_int_equal(relay_read(relayed(level_speak)), -EPIPE);
	assert_int_equal(xt_log_level(), XT_LOG_DEBUG);
}

static void place_speak(void)
{
	if (strcmp(xt_log_sink_place(), "none") != 0)
		_exit(1);
	xt_log_notice("a line");
	if (!xt_log_flush(10000) || strcmp(xt_log_sink_place(), "stderr") != 0)
		_exit(2);
	if (xt_log_sink_lost() != 5)
		_exit(3);
}

static void place_and_loss_travel_back(void **state)
{
	(void)state;
	xt_log_set_sink(NULL, NULL);
	setenv("LOG_FORMAT", "json", 1);
	xt_log_sink_open(&(struct xt_log_sink_options){.interface = "left"});
	xt_log_sink_count(5);
	assert_int_equal(relay_read(relayed(place_speak)), -EPIPE);
	assert_non_null(strstr(seen, "a line"));
}

static void many_speak(void)
{
	for (int i = 0; i < 20000; i++)
		xt_log_notice("one of many lines that are not read in time");
	if (write(sent[1], "", 1) != 1 || !xt_log_flush(10000))
		_exit(1);
	xt_log_notice("the last");
}

static void lines_that_find_no_room_are_counted(void **state)
{
	unsigned long before = xt_log_sink_lost(), lost = 0;
	const char *text;
	char byte;
	pid_t child;
	(void)state;

	assert_int_equal(pipe(sent), 0);
	child = relayed(many_speak);
	assert_int_equal(read(sent[0], &byte, 1), 1);
	assert_int_equal(relay_read(child), -EPIPE);
	text = strstr(seen, "<warning|left: ");
	assert_non_null(text);
	assert_int_equal(sscanf(text, "<warning|left: %lu log lines were lost", &lost), 1);
	assert_true(lost > 0 && lost < 20000);
	assert_int_equal(xt_log_sink_lost() - before, lost);
	assert_non_null(strstr(text, "the last"));
	close(sent[0]);
	close(sent[1]);
}

/* What the receiver makes of these bytes. */
static int answer_to(const void *bytes, size_t len)
{
	assert_int_equal(send(sender, bytes, len, 0), (ssize_t)len);
	return xt_log_relay_read();
}

static void malformed_datagrams_are_refused(void **state)
{
	static const char bad[][24] = {
	    "\x00\x03\0\0\0\0\0\0\0\0\0\0",   "\x05\x03\0\0\0\0\0\0\0\0\0\0",
	    "\x01\x03\0\x01\0\0\0\0\0\0\0\0", "\x01\x00\0\0\0\0\0\0\0\0\0\0",
	    "\x01\x06\0\0\0\0\0\0\0\0\0\0",   "\x01\x03\x08\0\0\0\0\0\0\0\0\0",
	    "\x01\x03\x02\0\0\0\0\0\0\0\0\0", "\x01\x03\x06\0\0\0\0\0\0\0\0\0",
	    "\x03\x06\0\0\0\0\0\0\0\0\0\0",
	};
	char large[5000] = "\x02";
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(answer_to(bad[i], i == 8 ? 12 : 13), -EPROTO);
	assert_int_equal(answer_to("\x01\x03\0\0\0\0\0\0\0\0\0\0text", 16), -EPROTO); /* no end */
	assert_int_equal(answer_to("\x01\x03\0\0\0\0\0\0\0\0\0\0a\0b", 16), -EPROTO); /* more */
	assert_int_equal(answer_to("\x02", 1), -EPROTO);
	assert_int_equal(answer_to("\x02\0\0\0\0\0\0\0\0\0\0\0", 12), -EPROTO);
	assert_int_equal(answer_to(large, sizeof(large)), -EPROTO);
	assert_string_equal(seen, "");
	close(sender);
}

/* A character of two bytes becomes one '?': what stood behind must not stay there. */
static void text_that_becomes_shorter_leaves_nothing_behind(void **state)
{
	static const char text[] = "\x02\0\0\0\0\0\0\0\0\0\0\0\xc2\x9b\xc2\x9b\xc2\x9b"
				   "31m\x1b[\nend\n";

	(void)state;
	assert_int_equal(answer_to(text, sizeof(text) - 1), 0);
	assert_string_equal(seen, "???31m?[\nend\n");
	close(sender);
}

static void what_arrives_is_printable(void **state)
{
	(void)state;
	assert_int_equal(answer_to("\x01\x03\x02\0\0\0\0\0\0\0\0\0a\x1b[1m\0p\n", 21), 0);
	assert_int_equal(answer_to("\x02\0\0\0\0\0\0\0\0\0\0\0o\x1b\n\x07\0\n", 18), 0);
	assert_string_equal(seen, "<notice|a?[1m|p?|->o?\n??\n");
	close(sender);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TEST_MAIN(T(each_line_arrives_with_its_fields), T(without_a_sink_it_is_text_for_the_terminal),
	  T(the_level_follows), T(place_and_loss_travel_back),
	  T(lines_that_find_no_room_are_counted), T(malformed_datagrams_are_refused),
	  T(what_arrives_is_printable), T(text_that_becomes_shorter_leaves_nothing_behind))
