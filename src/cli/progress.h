/* SPDX-License-Identifier: MIT */
/* What a verb that takes longer than a second shows meanwhile: one line of a terminal on standard
 * error, overwritten and in the end removed. Anywhere else it prints nothing. */
#ifndef XT_CLI_PROGRESS_H
#define XT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* what  of the work, begins the line; static
 * unit  of what is counted, as " peers"; "%": the part of total is shown instead
 * first, start  when the work began, and the part of it that total is of */
struct xt_progress {
	const char *what, *unit;
	uint64_t first, start, shown, total;
	bool visible, terminal;
};

void xt_progress_begin(struct xt_progress *progress, const char *what, const char *unit,
		       uint64_t total);
/* The next part of the work, which is counted by itself. */
void xt_progress_next(struct xt_progress *progress, const char *unit, uint64_t total);
/* Show that so much of total is done, and detail; at most ten times a second. */
void xt_progress_update(struct xt_progress *progress, uint64_t done, const char *detail);
void xt_progress_end(struct xt_progress *progress);

/* The line at the monotonic time now, without control characters; pure. */
void xt_progress_text(const struct xt_progress *progress, uint64_t now, uint64_t done,
		      const char *detail, char *out, unsigned long len);

#endif
