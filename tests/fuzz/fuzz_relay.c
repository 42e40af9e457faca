/* SPDX-License-Identifier: MIT */
/* layers: host config core crypto packet base */
/* parses: src/host/log_relay.c */
/* A hostile tunnel process, as the monitor's log sees it: any datagrams in place of log lines. What
 * is malformed ends it; what goes on into log and terminal is in its bounds, and printable.
 * Input: datagrams, each after two bytes of length. */
#include <errno.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "fuzz/input.h"
#include "host/log_relay.h"

#define DATAGRAM_MAX 4108 /* what the relay itself sends at most */

static void on_line(void *ctx, const struct xt_log_line *line)
{
	(void)ctx;
	check(line->level > XT_LOG_SILENT && line->level < XT_LOG_LEVELS);
	check(strlen(line->text) < DATAGRAM_MAX && xt_text_is_printable(line->text));
	check(!line->about.peer || xt_text_is_printable(line->about.peer));
	check(!line->about.code || xt_text_is_printable(line->about.code));
}

static void on_output(const char *text, size_t len)
{
	char copy[DATAGRAM_MAX];

	check(len > 0 && len < sizeof(copy));
	for (size_t i = 0; i < len; i++)
		copy[i] = text[i] == '\n' ? ' ' : text[i];
	copy[len] = '\0';
	check(strlen(copy) == len && xt_text_is_printable(copy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int sender, receiver;
	struct input in = {data, len};
	int rc = 0;

	if (sender == 0)
		check(xt_log_relay_open(&sender, &receiver, "wg0") == 0);
	xt_log_set_sink(on_line, NULL);
	xt_output_set(on_output);
	xt_log_set_level(XT_LOG_DEBUG);
	while (in.len > 0 && rc == 0) {
		size_t wanted = input_number(&in), n;
		uint8_t *bytes = input_bytes(&in, wanted, &n);

		/* An empty one reads like the end of the socket. */
		if (n > 0)
			check(send(sender, bytes, n, MSG_DONTWAIT) == (ssize_t)n);
		free(bytes);
		rc = n > 0 ? xt_log_relay_read() : 0;
		check(rc == 0 || rc == -EPROTO);
		check(n <= DATAGRAM_MAX || rc == -EPROTO);
		check(xt_log_level() < XT_LOG_LEVELS);
	}
	return 0;
}
