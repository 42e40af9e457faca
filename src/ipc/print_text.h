/* SPDX-License-Identifier: MIT */
/* What the texts for people have in common. */
#ifndef XT_IPC_PRINT_TEXT_H
#define XT_IPC_PRINT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Print what another process sent, '?' in place of what is not printable; a character that begins
 * before len is printed whole. text is a string. */
void xt_print_text(FILE *out, const char *text, size_t len);

/* The units of a duration, the largest first. */
struct xt_time_unit {
	uint64_t seconds;
	const char *name; /* of one */
};
#define XT_TIME_UNITS 5
extern const struct xt_time_unit xt_time_units[XT_TIME_UNITS];

#endif
