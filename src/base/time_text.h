/* SPDX-License-Identifier: MIT */
/* Times as text. */
#ifndef XT_BASE_TIME_TEXT_H
#define XT_BASE_TIME_TEXT_H

#include <stdint.h>

#define XT_TIME_TEXT 40 /* bytes, with NUL */

/* RFC 3339 in UTC with milliseconds: "2026-11-30T00:53:32.123Z". wall_ns: since 1970. */
void xt_time_text(char out[XT_TIME_TEXT], uint64_t wall_ns);

#endif
