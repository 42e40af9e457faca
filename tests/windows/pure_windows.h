/* SPDX-License-Identifier: MIT */
/* See pure_windows.c; on Windows itself the real ones are linked. */
#ifndef TESTS_WINDOWS_PURE_WINDOWS_H
#define TESTS_WINDOWS_PURE_WINDOWS_H

#include <xtunnel/types.h>

extern struct xt_ip pure_tap_local; /* as xt_tap_address_set got it */

#endif
