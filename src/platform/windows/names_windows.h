/* SPDX-License-Identifier: MIT */
/* The interfaces that this process has made, by their names in the configuration. The alias of a
 * TAP adapter is its administrator's, so a name may differ from it; and the way to an endpoint
 * never leads through one of these. */
#ifndef XT_PLATFORM_NAMES_WINDOWS_H
#define XT_PLATFORM_NAMES_WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

int xt_names_add(const char *name, unsigned ifindex); /* -ENOSPC */
/* The same by the interface's LUID; *ifindex: its index. */
int xt_names_add_luid(const char *name, uint64_t luid, unsigned *ifindex);
void xt_names_remove(const char *name); /* what is not there is no error */

bool xt_names_find(const char *name, unsigned *ifindex);
bool xt_names_has(unsigned ifindex);
bool xt_names_of(unsigned ifindex, char out[16]); /* the name of one of them */

#endif
