/* SPDX-License-Identifier: MIT */
/* The clock of macOS, as tests/bsd/test_clock_darwin.c plays it. */
#ifndef XT_TESTS_BSD_MACH_TIME_H
#define XT_TESTS_BSD_MACH_TIME_H

#include <stdint.h>

typedef struct {
	uint32_t numer, denom;
} mach_timebase_info_data_t;

uint64_t mach_continuous_time(void);
uint64_t mach_absolute_time(void);
int mach_timebase_info(mach_timebase_info_data_t *info);

#endif
