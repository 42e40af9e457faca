/* SPDX-License-Identifier: MIT */
/* The answer to a reload, as text for a person and for the log:
 *   {"name": NAME, "changed": BOOL, "dry_run": BOOL, "result": RESULT,
 *    "differences": [{"section": "Interface"|"Peer", "peer": KEY, "name": NAME, "key": KEY,
 *                     "change": "added"|"removed"|"changed", "old": TEXT, "new": TEXT,
 *                     "overrides": true}, ...],
 *    "omitted": N, "notes": [TEXT, ...], "findings": [LINE, ...],
 *    "reason": SENTENCE}
 * Without "key" a whole [Peer] has come or gone. A secret has neither old nor new. RESULT:
 *   applied, unchanged, dry_run; file: it has errors, or another user could write it; refused: it
 *   changes what cannot change while the instance runs; rolled_back: a step failed, and all is as
 *   before; failed: it was not begun */
#ifndef XT_IPC_RELOAD_PRINT_H
#define XT_IPC_RELOAD_PRINT_H

#include <jansson.h>
#include <stdio.h>

void xt_reload_print(FILE *out, const json_t *answer);
/* The lines about the file: errors and warnings. */
void xt_reload_print_findings(FILE *out, const json_t *answer);

#endif
