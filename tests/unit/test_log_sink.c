/* SPDX-License-Identifier: MIT */
/* layers: host config platform packet core crypto base */
/* Where log lines go: sockets that are full, that vanish and that come back; forms of a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/message.h"
#include "base/output.h"
#include "host/log_sink.h"
#include "host/log_text.h"
#include "test_main.h"

static char dir[64], journal[100], syslog_path[100], got[8192], printed[8192];

static void print_keep(const char *text, size_t len)
{
	size_t at = strlen(printed);

	assert_true(at + len < sizeof(printed));
	memcpy(printed + at, text, len);
	printed[at + len] = '\0';
}

static int receiver_open(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* false: nothing has come. */
static bool receive(int fd)
{
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	got[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/xt-log-sink.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(journal, sizeof(journal), "%s/journal", dir);
	snprintf(syslog_path, sizeof(syslog_path), "%s/log", dir);
	unsetenv("JOURNAL_STREAM");
	unsetenv("LOG_FORMAT");
	printed[0] = '\0';
	xt_output_set(print_keep);
	xt_log_set_level(XT_LOG_NOTICE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(journal);
	(void)unlink(syslog_path);
	(void)rmdir(dir);
	xt_log_set_sink(NULL, NULL);
	xt_output_set(NULL);
	return 0;
}

static void sink_open(bool background)
{
	xt_log_sink_open(&(struct xt_log_sink_options){.interface = "left",
						       .background = background,
						       .journal = journal,
						       .syslog = syslog_path});
}

static void an_instance_in_the_background_logs_to_journald(void **state)
{
	int fd = receiver_open(journal), other = receiver_open(syslog_path);

	(void)state;
	sink_open(true);
	xt_log_sink_detach();
	xt_log_about(XT_LOG_NOTICE, &(struct xt_log_fields){"the\nother", "session"},
		     "left: a session");
	assert_true(receive(fd));
	assert_non_null(strstr(got, "PRIORITY=5\n"));
	assert_non_null(strstr(got, "SYSLOG_IDENTIFIER=xtunnel\n"));
	assert_non_null(strstr(got, "XTUNNEL_INTERFACE=left\n"));
	assert_non_null(strstr(got, "PEER=the?other\n"));
	assert_non_null(strstr(got, "CODE=session\n"));
	assert_non_null(strstr(got, "MESSAGE=left: a session\n"));
	xt_log_warning("x\nPRIORITY=0");
	assert_true(receive(fd));
	assert_non_null(strstr(got, "PRIORITY=4\n"));
	assert_non_null(strstr(got, "MESSAGE=x?PRIORITY=0\n"));
	xt_message("a sentence");
	assert_true(receive(fd));
	assert_non_null(strstr(got, "MESSAGE=a sentence\n"));
	assert_false(receive(other));
	assert_string_equal(printed, "");
	assert_string_equal(xt_log_sink_place(), "journal");
	close(fd);
	close(other);
}

static void without_journald_to_syslog(void **state)
{
	int fd = receiver_open(syslog_path);
	char day[8];
	int hour, minute, second, pid, at = 0, priority, date;

	(void)state;
	sink_open(true);
	xt_log_sink_detach();
	xt_log_warning("left: something");
	assert_true(receive(fd));
	assert_int_equal(sscanf(got, "<%d>%3s %d %d:%d:%d xtunnel[%d]: %n", &priority, day, &date,
				&hour, &minute, &second, &pid, &at),
			 7);
	assert_int_equal(priority, 3 << 3 | 4);
	assert_int_equal(got[3], '>');
	assert_int_equal(got[7], ' ');
	assert_int_equal(pid, getpid());
	assert_string_equal(got + at, "left: something");
	assert_string_equal(xt_log_sink_place(), "syslog");
	close(fd);
}

static void until_it_is_ready_warnings_reach_the_terminal_too(void **state)
{
	int fd = receiver_open(syslog_path);

	(void)state;
	sink_open(true);
	xt_log_notice("not on the terminal");
	xt_log_warning("left: careful");
	xt_message("left: a sentence");
	assert_string_equal(printed,
			    "xtunnel: warning: left: careful\nxtunnel: left: a sentence\n");
	assert_true(receive(fd));
	assert_true(receive(fd));
	assert_true(receive(fd));
	xt_log_sink_detach();
	xt_log_warning("left: later");
	assert_null(strstr(printed, "later"));
	close(fd);
}

static void a_full_queue_drops_and_counts(void **state)
{
	int fd = receiver_open(journal), n = 0;
	unsigned long before = xt_log_sink_lost();

	(void)state;
	sink_open(true);
	xt_log_sink_detach();
	for (int i = 0; i < 5000; i++)
		xt_log_notice("line %d", i);
	unsigned long lost = xt_log_sink_lost() - before;
	assert_true(lost > 0 && lost < 5000);
	while (receive(fd))
		n++;
	assert_int_equal((unsigned long)n + lost, 5000);
	xt_log_notice("afterwards");
	assert_true(receive(fd));
	char expected[128];
	snprintf(expected, sizeof(expected), "MESSAGE=left: %lu log lines were lost", lost);
	assert_non_null(strstr(got, expected));
	assert_true(receive(fd));
	assert_non_null(strstr(got, "MESSAGE=afterwards\n"));
	assert_int_equal(xt_log_sink_lost() - before, lost);
	close(fd);
}

static void a_socket_that_vanished_is_used_again_when_it_is_back(void **state)
{
	int fd = receiver_open(syslog_path);

	(void)state;
	sink_open(true);
	xt_log_sink_detach();
	xt_log_notice("one");
	assert_true(receive(fd));
	close(fd); /* its file is left */
	xt_log_notice("two");
	assert_int_equal(unlink(syslog_path), 0);
	xt_log_notice("three");
	fd = receiver_open(syslog_path);
	xt_log_notice("four");
	assert_true(receive(fd));
	assert_non_null(strstr(got, "2 log lines were lost"));
	assert_true(receive(fd));
	assert_non_null(strstr(got, "four"));
	close(fd);
	fd = receiver_open(journal);
	xt_log_notice("five");
	assert_true(receive(fd));
	assert_non_null(strstr(got, "MESSAGE=five\n"));
	close(fd);
}

static void each_line_is_a_json_object(void **state)
{
	json_error_t error;
	json_t *line;

	(void)state;
	setenv("LOG_FORMAT", "json", 1);
	sink_open(false);
	xt_log_about(XT_LOG_WARNING, &(struct xt_log_fields){"\"},{\\\x01\xff\xc3\xa9", "loop"},
		     "left: \"a\\\"\n{}%s", "\xe2\x80\xae");
	xt_message("left is ready");
	char *second = strchr(printed, '\n');
	assert_non_null(second);
	*second++ = '\0';
	line = json_loads(printed, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(line, "interface")), "left");
	assert_string_equal(json_string_value(json_object_get(line, "code")), "loop");
	assert_string_equal(json_string_value(json_object_get(line, "peer")), "\"},{\\??\xc3\xa9");
	assert_string_equal(json_string_value(json_object_get(line, "message")),
			    "left: \"a\\\"?{}?");
	const char *time = json_string_value(json_object_get(line, "time"));
	assert_int_equal(strlen(time), 24);
	assert_int_equal(time[10], 'T');
	assert_int_equal(time[23], 'Z');
	json_decref(line);
	line = json_loads(second, 0, &error);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "message")), "left is ready");
	assert_null(json_object_get(line, "peer"));
	json_decref(line);
}

static void the_longest_line_is_whole(void **state)
{
	static char text[2048], peer[128]; /* a message is longer than other lines */
	struct xt_log_line line = {XT_LOG_ERROR, true, text, {peer, peer}};
	struct xt_log_origin origin = {.pid = 1};
	char out[XT_LOG_TEXT];

	(void)state;
	memset(text, '"', sizeof(text) - 1);
	memset(peer, '\\', sizeof(peer) - 1);
	memset(origin.interface, '"', sizeof(origin.interface) - 1);
	size_t n = xt_log_text_json(out, &origin, &line, 0);
	assert_true(n < sizeof(out) - 1);
	json_t *json = json_loadb(out, n, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "message")), text);
	json_decref(json);
}

static void under_systemd_to_journald_else_to_its_stream(void **state)
{
	int fd = receiver_open(journal);
	struct stat st;
	char stream[64];

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	sink_open(false);
	xt_log_notice("native");
	assert_true(receive(fd));
	assert_non_null(strstr(got, "MESSAGE=native\n"));
	assert_string_equal(printed, "");
	close(fd);
	xt_log_notice("as text");
	assert_string_equal(printed, "xtunnel: notice: as text\n");
	setenv("JOURNAL_STREAM", "1:2", 1);
	fd = receiver_open(journal);
	sink_open(false);
	xt_log_notice("another stream");
	assert_false(receive(fd));
	setenv("JOURNAL_STREAM", stream, 1);
	setenv("LOG_FORMAT", "text", 1);
	sink_open(false);
	xt_log_notice("asked for");
	assert_false(receive(fd));
	close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(CASE(an_instance_in_the_background_logs_to_journald), CASE(without_journald_to_syslog),
	  CASE(until_it_is_ready_warnings_reach_the_terminal_too),
	  CASE(a_full_queue_drops_and_counts),
	  CASE(a_socket_that_vanished_is_used_again_when_it_is_back),
	  CASE(each_line_is_a_json_object), CASE(the_longest_line_is_whole),
	  CASE(under_systemd_to_journald_else_to_its_stream))
