/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/clock.h"

#define LINE_MAX  79 /* a line that wraps cannot be overwritten */
#define FIRST_NS  (1000 * 1000000ull)
#define REPEAT_NS (100 * 1000000ull)

void xt_progress_begin(struct xt_progress *progress, const char *what, const char *unit,
		       uint64_t total)
{
	const char *term = getenv("TERM");

	*progress = (struct xt_progress){.what = what,
					 .unit = unit,
					 .total = total,
					 .first = xt_clock_now().mono,
					 .terminal = isatty(STDERR_FILENO) && term &&
						     strcmp(term, "dumb") != 0};
	progress->start = progress->first;
}

void xt_progress_next(struct xt_progress *progress, const char *unit, uint64_t total)
{
	progress->unit = unit;
	progress->total = total;
	progress->start = xt_clock_now().mono;
}

void xt_progress_text(const struct xt_progress *progress, uint64_t now, uint64_t done,
		      const char *detail, char *out, unsigned long len)
{
	double passed = (double)(now - progress->start) / 1e9;
	double rate = passed > 0 ? (double)done / passed : 0;
	char left[48] = "", speed[48] = "";
	bool percent = strcmp(progress->unit, "%") == 0;

	if (done && done < progress->total && rate > 0)
		snprintf(left, sizeof(left), ", %.0f s left",
			 (double)(progress->total - done) / rate);
	if (!percent && done)
		snprintf(speed, sizeof(speed), ", %.*f/s", rate < 10 ? 1 : 0, rate);
	if (percent)
		snprintf(out, len, "%s: %" PRIu64 "%%%s%s%s", progress->what,
			 progress->total ? done * 100 / progress->total : 100, left,
			 *detail ? ", " : "", detail);
	else
		snprintf(out, len, "%s: %" PRIu64 " of %" PRIu64 "%s%s%s%s%s", progress->what, done,
			 progress->total, progress->unit, speed, left, *detail ? ", " : "", detail);
}

void xt_progress_update(struct xt_progress *progress, uint64_t done, const char *detail)
{
	uint64_t now = xt_clock_now().mono;
	char line[LINE_MAX + 1];

	if (!progress->terminal || now - progress->first < FIRST_NS ||
	    (progress->visible && now - progress->shown < REPEAT_NS))
		return;
	xt_progress_text(progress, now, done, detail, line, sizeof(line));
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
	progress->visible = true;
	progress->shown = now;
}

void xt_progress_end(struct xt_progress *progress)
{
	if (progress->visible)
		fputs("\r\033[K", stderr);
	progress->visible = false;
}
