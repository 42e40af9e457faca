/* SPDX-License-Identifier: MIT */
/* Log lines, to a sink that the program sets. Never per packet, never a secret. */
#ifndef XT_BASE_LOG_H
#define XT_BASE_LOG_H

#include <stdbool.h>

#include "base/printf.h"

enum xt_log_level {
	XT_LOG_SILENT, /* as a threshold only */
	XT_LOG_ERROR,
	XT_LOG_WARNING,
	XT_LOG_NOTICE,
	XT_LOG_VERBOSE, /* what repeats in a tunnel that works: each handshake of each peer */
	XT_LOG_DEBUG,
	XT_LOG_LEVELS,
};

/* What a line is about, apart from its text. NULL: nothing.
 * peer  its Name, or the beginning of its key
 * code  a stable word, see ipc/events.def */
struct xt_log_fields {
	const char *peer, *code;
};

/* text     one event; every character here and in the fields is printable (xt_text_is_printable)
 * message  a sentence for the person at the terminal (base/message.h), whatever the threshold */
struct xt_log_line {
	enum xt_log_level level;
	bool message;
	const char *text;
	struct xt_log_fields about;
};

/* On any thread. */
typedef void xt_log_sink(void *ctx, const struct xt_log_line *line);

/* sink NULL: standard error, "xtunnel: warning: text"; messages are not the log's then. Set both
 * before any thread is started. */
void xt_log_set_sink(xt_log_sink *sink, void *ctx);
bool xt_log_has_sink(void);
/* Print a line that another process made, whatever the threshold. */
void xt_log_put(const struct xt_log_line *line);
/* Give a message to the sink. false: there is none. */
bool xt_log_message(enum xt_log_level level, const char *text);
/* The least important level that is logged; XT_LOG_NOTICE at first. */
void xt_log_set_level(enum xt_log_level level);
enum xt_log_level xt_log_level(void);
bool xt_log_enabled(enum xt_log_level level);
const char *xt_log_level_text(enum xt_log_level level);
/* The level that text names, in any case. false: none. */
bool xt_log_level_parse(enum xt_log_level *out, const char *text);

/* Lines longer than 1,000 bytes are truncated. errno is preserved. */
void xt_log(enum xt_log_level level, const char *format, ...) XT_PRINTF(2, 3);
/* The same with fields. */
void xt_log_about(enum xt_log_level level, const struct xt_log_fields *about, const char *format,
		  ...) XT_PRINTF(3, 4);

#define xt_log_error(...)   xt_log(XT_LOG_ERROR, __VA_ARGS__)
#define xt_log_warning(...) xt_log(XT_LOG_WARNING, __VA_ARGS__)
#define xt_log_notice(...)  xt_log(XT_LOG_NOTICE, __VA_ARGS__)
#define xt_log_verbose(...) xt_log(XT_LOG_VERBOSE, __VA_ARGS__)
#define xt_log_debug(...)   xt_log(XT_LOG_DEBUG, __VA_ARGS__)

#endif
