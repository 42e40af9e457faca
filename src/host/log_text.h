/* SPDX-License-Identifier: MIT */
/* One log line in the forms that its readers take. Pure. */
#ifndef XT_HOST_LOG_TEXT_H
#define XT_HOST_LOG_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"

/* What is the same for all lines of a process. */
struct xt_log_origin {
	char interface[64];
	pid_t pid;
};

#define XT_LOG_TEXT 5120 /* bytes that hold every line */

/* Each returns the bytes written to out, without a NUL: text and JSON with a line end; journald's
 * native protocol; what a local syslog daemon takes (RFC 3164, without a host name). wall_ns: now.
 * Lines hold printable text only (base/log.h): no field needs another form for its value. */
size_t xt_log_text(char out[XT_LOG_TEXT], const struct xt_log_line *line);
size_t xt_log_text_json(char out[XT_LOG_TEXT], const struct xt_log_origin *origin,
			const struct xt_log_line *line, uint64_t wall_ns);
size_t xt_log_text_journal(char out[XT_LOG_TEXT], const struct xt_log_origin *origin,
			   const struct xt_log_line *line);
size_t xt_log_text_syslog(char out[XT_LOG_TEXT], const struct xt_log_origin *origin,
			  const struct xt_log_line *line, uint64_t wall_ns);

#endif
