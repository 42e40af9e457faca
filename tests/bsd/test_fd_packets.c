/* SPDX-License-Identifier: MIT */
/* Packets between processes on a system that has none: datagrams as large as a packet of a channel,
 * with their bounds kept. In place of this host's socketpair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/fd.h"
#include "test_main.h"

static int refusal;

int socketpair(int domain, int type, int protocol, int ends[2])
{
	if ((type & 0xf) == SOCK_SEQPACKET) {
		errno = refusal;
		return -1;
	}
	return (int)syscall(SYS_socketpair, domain, type, protocol, ends);
}

static void packets_keep_their_bounds(void **state)
{
	enum { LARGE = (64 << 10) + 64 };
	char *large = calloc(1, LARGE), *got = malloc(LARGE);
	int ends[2];

	(void)state;
	refusal = EPROTONOSUPPORT;
	assert_int_equal(xt_fd_socketpair(SOCK_SEQPACKET, true, ends), 0);
	large[LARGE - 1] = 7;
	assert_int_equal(send(ends[0], large, LARGE, 0), LARGE);
	assert_int_equal(send(ends[0], "ab", 2, 0), 2);
	assert_int_equal(recv(ends[1], got, LARGE, 0), LARGE);
	assert_int_equal(got[LARGE - 1], 7);
	assert_int_equal(recv(ends[1], got, LARGE, 0), 2);
	assert_int_equal(recv(ends[1], got, LARGE, 0), -1);
	assert_int_equal(errno, EAGAIN);
	close(ends[0]);
	assert_true(send(ends[1], "x", 1, MSG_NOSIGNAL) < 0); /* the end is found */
	close(ends[1]);
	free(large);
	free(got);
}

static void another_error_is_told(void **state)
{
	int ends[2];

	(void)state;
	refusal = EMFILE;
	assert_int_equal(xt_fd_socketpair(SOCK_SEQPACKET, true, ends), -1);
	assert_int_equal(errno, EMFILE);
}

TEST_MAIN(cmocka_unit_test(packets_keep_their_bounds), cmocka_unit_test(another_error_is_told))
