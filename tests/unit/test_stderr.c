/* SPDX-License-Identifier: MIT */
/* layers: host */
/* Standard error whose reader stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "host/stderr.h"
#include "test_main.h"

#define LINES 20000u

static int reader, saved;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int pipe_start(void **state)
{
	int ends[2];

	(void)state;
	saved = dup(STDERR_FILENO);
	if (pipe(ends) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	close(ends[1]);
	reader = ends[0];
	return xt_stderr_start();
}

static int pipe_stop(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	return 0;
}

/* Read for as long as bytes come; counts lines and adds up what the notes say was lost. */
static unsigned long lines_read(unsigned long *lost)
{
	struct pollfd poll_fd = {.fd = reader, .events = POLLIN};
	static char text[8u << 20];
	size_t len = 0;
	unsigned long lines = 0;

	while (poll(&poll_fd, 1, 300) == 1 && len < sizeof(text) - 1) {
		ssize_t n = read(reader, text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned long n;

		if (sscanf(line, "xtunnel: warning: %lu line", &n) == 1 && strstr(line, "lost"))
			*lost += n;
		else
			lines++;
	}
	return lines;
}

static void a_reader_that_stops_holds_up_no_writer_and_is_told_what_it_missed(void **state)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL);
	int64_t begin = now_ms();
	unsigned long lost = 0, lines;

	(void)state;
	for (unsigned i = 0; i < LINES; i++)
		xt_log_warning("line %u: the reader of standard error has stopped", i);
	assert_true(now_ms() - begin < 2000);
	assert_true(xt_stderr_lost() > 0);
	assert_false(xt_stderr_idle());
	begin = now_ms();
	xt_stderr_flush(50);
	assert_true(now_ms() - begin < 1000);
	lines = lines_read(&lost);
	assert_int_equal(lost, xt_stderr_lost());
	assert_int_equal(lines + lost, LINES);
	assert_true(xt_stderr_idle());
	/* the description is shared with other programs */
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFL), flags);
	assert_false(flags & O_NONBLOCK);
}

static void a_closed_standard_error_gets_what_was_put_before_and_its_reader_the_end(void **state)
{
	unsigned long lost = 0;
	char byte;

	(void)state;
	xt_log_warning("last words");
	xt_stderr_close();
	dup2(saved, STDERR_FILENO);
	assert_int_equal(lines_read(&lost), 1);
	assert_int_equal(read(reader, &byte, 1), 0);
	xt_log_warning("discarded");
	assert_true(xt_stderr_idle());
}

GROUP_TEST_MAIN(
    pipe_start, pipe_stop,
    cmocka_unit_test(a_reader_that_stops_holds_up_no_writer_and_is_told_what_it_missed),
    cmocka_unit_test(a_closed_standard_error_gets_what_was_put_before_and_its_reader_the_end))
