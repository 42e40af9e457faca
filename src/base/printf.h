/* SPDX-License-Identifier: MIT */
/* Functions that take a format and arguments, as printf does. */
#ifndef XT_BASE_PRINTF_H
#define XT_BASE_PRINTF_H

/* gcc's name for the rules that formats follow. For mingw "printf" means those of Microsoft's C
 * library, which is not what formats are printed by (scripts/cmake/XtFlags.cmake). */
#ifndef XT_PRINTF_KIND
#define XT_PRINTF_KIND printf
#endif

/* The compiler checks the arguments against the format. at: number of that parameter, from 1;
 * first: of the first argument, 0 for a va_list. */
#define XT_PRINTF(at, first) __attribute__((format(XT_PRINTF_KIND, at, first)))

#endif
