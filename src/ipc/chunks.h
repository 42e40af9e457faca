/* SPDX-License-Identifier: MIT */
/* Large answers as several objects, each small enough for a frame of the control socket. Pure.
 *
 * A part with "more": true is continued by the next one: the elements of its arrays are appended to
 * those of the same key, other keys are set. An array's first element with "continues": true goes
 * on with the last element of that array so far, by the same rules. */
#ifndef XT_IPC_CHUNKS_H
#define XT_IPC_CHUNKS_H

#include <jansson.h>
#include <stdbool.h>

#define XT_FRAME_MAX (1u << 20) /* bytes of one part as text, with its line end */

/* part is the callee's reference; more: its "more" is set and other chunks follow. */
typedef void xt_chunks_use(void *ctx, json_t *part, bool more);

/* Hand answer, whose reference is taken, to use in one or more chunks. Its large arrays are those
 * of the top level, and arrays in the objects in these. With "more": true it is itself a part that
 * another one continues. false: no memory, the last part is missing. */
bool xt_chunks_cut(json_t *answer, xt_chunks_use *use, void *ctx);
/* Add the next part to whole; takes its reference. *more: another part follows. false: no
 * memory. */
bool xt_chunks_join(json_t *whole, json_t *part, bool *more);

#endif
