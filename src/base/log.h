/* SPDX-License-Identifier: MIT */
/* Log lines, to a sink that the program sets. Never per packet, never a secret. */
#ifndef XT_BASE_LOG_H
#define XT_BASE_LOG_H

#include <stdbool.h>

enum xt_log_level {
	XT_LOG_SILENT, /* as a threshold only */
	XT_LOG_ERROR,
	XT_LOG_WARNING,
	XT_LOG_NOTICE,
	XT_LOG_DEBUG,
};

/* line: one event; every character is printable (xt_text_is_printable). */
typedef void xt_log_sink(void *ctx, enum xt_log_level level, const char *line);

/* sink NULL: standard error, "xtunnel: warning: line". Set both before any thread is started. */
void xt_log_set_sink(xt_log_sink *sink, void *ctx);
/* The least important level that is logged; XT_LOG_NOTICE at first. */
void xt_log_set_level(enum xt_log_level level);
bool xt_log_enabled(enum xt_log_level level);
const char *xt_log_level_text(enum xt_log_level level);

/* Lines longer than 1,000 bytes are truncated. errno is preserved. */
void xt_log(enum xt_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define xt_log_error(...)   xt_log(XT_LOG_ERROR, __VA_ARGS__)
#define xt_log_warning(...) xt_log(XT_LOG_WARNING, __VA_ARGS__)
#define xt_log_notice(...)  xt_log(XT_LOG_NOTICE, __VA_ARGS__)
#define xt_log_debug(...)   xt_log(XT_LOG_DEBUG, __VA_ARGS__)

#endif
