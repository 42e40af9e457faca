/* SPDX-License-Identifier: MIT */
/* What a host knows of its own clock: it is not earlier than its files were written. */
#ifndef XT_DAEMON_CLOCK_EVIDENCE_H
#define XT_DAEMON_CLOCK_EVIDENCE_H

#include <stdint.h>

/* ns since 1970 at which the program and the file at path, NULL: none, were there, by the later
 * one; 0: not known. While paths can be opened. */
uint64_t xt_clock_evidence(const char *path);

/* How far the timestamps of handshakes lie behind evidence, ns; 0: not at all, or by less than a
 * minute, which proves nothing.
 * wall   the clock
 * floor  the least timestamp, by the state file; 0: there is none */
uint64_t xt_clock_behind(uint64_t evidence, uint64_t wall, uint64_t floor);

#endif
