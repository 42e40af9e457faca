/* SPDX-License-Identifier: MIT */
/* Standard error of a console, or the event log of a service. Neither makes the instance wait. */
#include "host/log_sink.h"

#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/output.h"
#include "host/log_text.h"
#include "host/service_windows.h"
#include "platform/clock.h"

enum form { TEXT, JSON, EVENTS };

static struct {
	enum form form;
	atomic_ulong lost;
	struct xt_log_origin origin;
} sink;

static void on_line(void *ctx, const struct xt_log_line *line)
{
	char text[XT_LOG_TEXT];
	size_t len;

	(void)ctx;
	if (sink.form == EVENTS) {
		snprintf(text, sizeof(text), "%s", line->text);
		xt_service_log(line->level, text);
		return;
	}
	len = xt_log_text_json(text, &sink.origin, line, xt_clock_now().wall);
	xt_output_put(text, len);
}

void xt_log_sink_open(const struct xt_log_sink_options *options)
{
	const char *format = getenv("LOG_FORMAT");

	sink.form = xt_service_is() ? EVENTS : format && strcmp(format, "json") == 0 ? JSON : TEXT;
	if (format && *format && strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
		xt_message("LOG_FORMAT=%.20s: text or json was expected", format);
	sink.origin.pid = _getpid();
	snprintf(sink.origin.interface, sizeof(sink.origin.interface), "%s", options->interface);
	xt_log_set_sink(sink.form == TEXT ? NULL : on_line, NULL);
}

void xt_log_sink_detach(void)
{
}

void xt_log_sink_count_in(struct xt_log_sink_counts *counts)
{
	(void)counts;
}

void xt_log_sink_count(unsigned long lost)
{
	atomic_fetch_add(&sink.lost, lost);
}

unsigned long xt_log_sink_lost(void)
{
	return atomic_load(&sink.lost);
}

const char *xt_log_sink_place(void)
{
	return sink.form == EVENTS ? "eventlog" : "stderr";
}
