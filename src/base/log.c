/* SPDX-License-Identifier: MIT */
/* Log lines. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>

#include "base/output.h"
#include "base/printf.h"
#include "base/text.h"

#define FIELD_MAX 128

/* Worker threads read the level that the loop sets. */
static struct {
	xt_log_sink *sink;
	void *ctx;
	atomic_int level;
} host = {.level = XT_LOG_NOTICE};

void xt_log_set_sink(xt_log_sink *sink, void *ctx)
{
	host.sink = sink;
	host.ctx = ctx;
}

void xt_log_set_level(enum xt_log_level level)
{
	atomic_store_explicit(&host.level, (int)level, memory_order_relaxed);
}

enum xt_log_level xt_log_level(void)
{
	return (enum xt_log_level)atomic_load_explicit(&host.level, memory_order_relaxed);
}

bool xt_log_enabled(enum xt_log_level level)
{
	return level != XT_LOG_SILENT && level <= xt_log_level();
}

static const char *const level_words[XT_LOG_LEVELS] = {
    [XT_LOG_SILENT] = "silent", [XT_LOG_ERROR] = "error",     [XT_LOG_WARNING] = "warning",
    [XT_LOG_NOTICE] = "notice", [XT_LOG_VERBOSE] = "verbose", [XT_LOG_DEBUG] = "debug",
};

const char *xt_log_level_text(enum xt_log_level level)
{
	return (unsigned)level < XT_LOG_LEVELS ? level_words[level] : "unknown";
}

bool xt_log_level_parse(enum xt_log_level *out, const char *text)
{
	for (unsigned i = 0; i < XT_LOG_LEVELS; i++) {
		if (strcasecmp(level_words[i], text) == 0) {
			*out = (enum xt_log_level)i;
			return true;
		}
	}
	return false;
}

static void line_put(const struct xt_log_line *line)
{
	char text[1100];

	if (host.sink) {
		host.sink(host.ctx, line);
		return;
	}
	int n = snprintf(text, sizeof(text), "xtunnel: %s: %s\n", xt_log_level_text(line->level),
			 line->text);
	xt_output_put(text, (size_t)n);
}

bool xt_log_has_sink(void)
{
	return host.sink != NULL;
}

void xt_log_put(const struct xt_log_line *line)
{
	line_put(line);
}

bool xt_log_message(enum xt_log_level level, const char *text)
{
	struct xt_log_line line = {.level = level, .message = true, .text = text};
	int saved = errno;

	if (!host.sink)
		return false;
	line_put(&line);
	errno = saved;
	return true;
}

static const char *field_clean(const char *text, char buf[FIELD_MAX])
{
	if (!text)
		return NULL;
	snprintf(buf, FIELD_MAX, "%s", text);
	xt_text_clean(buf);
	return buf;
}

/* Names from the network must not control a terminal. */
XT_PRINTF(3, 0)
static void line_print(enum xt_log_level level, const struct xt_log_fields *about,
		       const char *format, va_list args)
{
	char text[1001], peer[FIELD_MAX], code[FIELD_MAX];
	int saved = errno;
	struct xt_log_line line = {.level = level, .text = text};

	if (!xt_log_enabled(level))
		return;
	vsnprintf(text, sizeof(text), format, args);
	xt_text_clean(text);
	if (about)
		line.about = (struct xt_log_fields){field_clean(about->peer, peer),
						    field_clean(about->code, code)};
	line_put(&line);
	errno = saved;
}

void xt_log_about(enum xt_log_level level, const struct xt_log_fields *about, const char *format,
		  ...)
{
	va_list args;

	va_start(args, format);
	line_print(level, about, format, args);
	va_end(args);
}

void xt_log(enum xt_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_print(level, NULL, format, args);
	va_end(args);
}
