/* SPDX-License-Identifier: MIT */
/* The answer to a reload as JSON; ipc/reload_print.h prints it. */
#ifndef XT_DAEMON_RELOAD_JSON_H
#define XT_DAEMON_RELOAD_JSON_H

#include <jansson.h>

#include "base/printf.h"
#include "host/reload.h"

/* Of many differences the first ones; "omitted" counts the others. */
#define XT_RELOAD_ROWS 1000

#define XT_RELOAD_SCHEMA 1 /* raised when a key is removed or changes its meaning */

/* {"schema","name","changed","dry_run","result","differences","omitted","notes"}, and "findings" if
 * the file has some. data: NULL when it was not read. NULL: no memory. */
json_t *xt_reload_json(const struct xt_reload *data, const char *name, bool dry_run,
		       const char *result);
/* Append a sentence to "notes". */
void xt_reload_json_note(json_t *answer, const char *format, ...) XT_PRINTF(2, 3);

/* What the user should know of the differences. tun_offload: the TUN device can switch it. */
void xt_reload_json_notes(json_t *answer, const struct xt_reload *data, bool tun_offload);
/* The answer as text to standard error, when no client waits for it. */
void xt_reload_json_log(const json_t *answer);

#endif
