/* SPDX-License-Identifier: MIT */
/* Log lines. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/output.h"
#include "base/text.h"

static void stderr_write(void *ctx, enum xt_log_level level, const char *line)
{
	char text[1100];
	int n = snprintf(text, sizeof(text), "xtunnel: %s: %s\n", xt_log_level_text(level), line);

	(void)ctx;
	xt_output_put(text, (size_t)n);
}

static struct {
	xt_log_sink *sink;
	void *ctx;
	enum xt_log_level level;
} host = {stderr_write, NULL, XT_LOG_NOTICE};

void xt_log_set_sink(xt_log_sink *sink, void *ctx)
{
	host.sink = sink ? sink : stderr_write;
	host.ctx = ctx;
}

void xt_log_set_level(enum xt_log_level level)
{
	host.level = level;
}

bool xt_log_enabled(enum xt_log_level level)
{
	return level != XT_LOG_SILENT && level <= host.level;
}

const char *xt_log_level_text(enum xt_log_level level)
{
	switch (level) {
	case XT_LOG_SILENT:
		return "silent";
	case XT_LOG_ERROR:
		return "error";
	case XT_LOG_WARNING:
		return "warning";
	case XT_LOG_NOTICE:
		return "notice";
	case XT_LOG_DEBUG:
		return "debug";
	}
	return "unknown";
}

void xt_log(enum xt_log_level level, const char *format, ...)
{
	char line[1001];
	int saved = errno;
	va_list args;

	if (!xt_log_enabled(level))
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	xt_text_clean(line); /* names from the network must not control a terminal */
	host.sink(host.ctx, level, line);
	errno = saved;
}
