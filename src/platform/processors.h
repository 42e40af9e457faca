/* SPDX-License-Identifier: MIT */
/* How many threads run at once. */
#ifndef XT_PLATFORM_PROCESSORS_H
#define XT_PLATFORM_PROCESSORS_H

/* Processors of this host that are in use; at least 1. The C library may read a file for it, which
 * a confined process cannot: ask before. */
unsigned xt_processors(void);

#endif
