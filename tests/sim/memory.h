/* SPDX-License-Identifier: MIT */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <stddef.h>

/* Bytes that the program has allocated, as exactly as the C library tells (CMakeLists.txt). */
size_t sim_memory_used(void);

#endif
