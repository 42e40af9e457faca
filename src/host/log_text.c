/* SPDX-License-Identifier: MIT */
/* One log line as text, JSON, a message to journald or to syslog. */
#include "host/log_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/printf.h"
#include "base/time_text.h"

#define FACILITY_DAEMON 3

struct text {
	char *p;
	size_t len;
};

/* What does not fit is cut off: XT_LOG_TEXT holds every line. */
XT_PRINTF(2, 3) static void text_printf(struct text *text, const char *format, ...)
{
	size_t room = XT_LOG_TEXT - text->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->p + text->len, room, format, args);
	va_end(args);
	text->len += XT_MIN((size_t)XT_MAX(n, 0), room - 1);
}

/* Of printable text only these two characters have another form in JSON. */
static void text_put_string(struct text *text, const char *key, const char *value)
{
	if (!value)
		return;
	text_printf(text, ",\"%s\":\"", key);
	for (const char *c = value; *c; c++)
		text_printf(text, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	text_printf(text, "\"");
}

size_t xt_log_text(char out[XT_LOG_TEXT], const struct xt_log_line *line)
{
	struct text text = {out, 0};

	if (line->message)
		text_printf(&text, "xtunnel: %s\n", line->text);
	else
		text_printf(&text, "xtunnel: %s: %s\n", xt_log_level_text(line->level), line->text);
	return text.len;
}

size_t xt_log_text_json(char out[XT_LOG_TEXT], const struct xt_log_origin *origin,
			const struct xt_log_line *line, uint64_t wall_ns)
{
	struct text text = {out, 0};
	char time[XT_TIME_TEXT];

	xt_time_text(time, wall_ns);
	text_printf(&text, "{\"time\":\"%s\",\"level\":\"%s\"", time,
		    xt_log_level_text(line->level));
	text_put_string(&text, "interface", origin->interface);
	text_put_string(&text, "peer", line->about.peer);
	text_put_string(&text, "code", line->about.code);
	text_put_string(&text, "message", line->text);
	text_printf(&text, "}\n");
	return text.len;
}

static int severity(enum xt_log_level level)
{
	static const int severities[XT_LOG_LEVELS] = {7, 3, 4, 5, 6, 7};

	return severities[(unsigned)level < XT_LOG_LEVELS ? level : XT_LOG_DEBUG];
}

size_t xt_log_text_journal(char out[XT_LOG_TEXT], const struct xt_log_origin *origin,
			   const struct xt_log_line *line)
{
	struct text text = {out, 0};

	text_printf(&text,
		    "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=xtunnel\nSYSLOG_PID=%ld\n"
		    "XTUNNEL_INTERFACE=%s\n",
		    severity(line->level), FACILITY_DAEMON, (long)origin->pid, origin->interface);
	if (line->about.peer)
		text_printf(&text, "PEER=%s\n", line->about.peer);
	if (line->about.code)
		text_printf(&text, "CODE=%s\n", line->about.code);
	text_printf(&text, "MESSAGE=%s\n", line->text);
	return text.len;
}

/* The month's name does not depend on the locale. */
size_t xt_log_text_syslog(char out[XT_LOG_TEXT], const struct xt_log_origin *origin,
			  const struct xt_log_line *line, uint64_t wall_ns)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct text text = {out, 0};
	time_t now = (time_t)(wall_ns / 1000000000u);
	struct tm local = {0};

	(void)localtime_r(&now, &local);
	text_printf(&text, "<%d>%.3s %2d %02d:%02d:%02d xtunnel[%ld]: %s",
		    FACILITY_DAEMON << 3 | severity(line->level), months + 3 * local.tm_mon,
		    local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, (long)origin->pid,
		    line->text);
	return text.len;
}
