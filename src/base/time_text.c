/* SPDX-License-Identifier: MIT */
/* Times as text. */
#include "base/time_text.h"

#include <stdio.h>

#define DAY UINT64_C(86400)

/* The proleptic Gregorian calendar in eras of 400 years, whose years begin with March: the day that
 * leap years add is a year's last one. */
static void date_print(char out[XT_TIME_TEXT], uint64_t days)
{
	uint64_t z = days + 719468, era = z / 146097, of_era = z % 146097;
	uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;
	unsigned day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);

	month = month < 10 ? month + 3 : month - 9;
	year += era * 400 + (month <= 2);
	snprintf(out, XT_TIME_TEXT, "%04u-%02u-%02u", (unsigned)year, (unsigned)month, day);
}

void xt_time_text(char out[XT_TIME_TEXT], uint64_t wall_ns)
{
	uint64_t seconds = wall_ns / 1000000000u;
	unsigned of_day = (unsigned)(seconds % DAY), ms = (unsigned)(wall_ns / 1000000u % 1000u);
	char date[XT_TIME_TEXT];

	date_print(date, seconds / DAY);
	snprintf(out, XT_TIME_TEXT, "%.12sT%02u:%02u:%02u.%03uZ", date, of_day / 3600,
		 of_day / 60 % 60, of_day % 60, ms);
}
