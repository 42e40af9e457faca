/* SPDX-License-Identifier: MIT */
/* Where the packets of a capture go: a file or pipe of pcapng, or lines on standard output. */
#ifndef XT_CLI_CAPTURE_OUTPUT_H
#define XT_CLI_CAPTURE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/capture_filter.h"

/* fd        of pcapng; -1: lines
 * filter    NULL: every packet
 * most      packets, then the capture is complete; 0: no limit
 * packets, dropped   so far: written; as the instance says at its end
 * complete  most packets were written
 * over      the instance has said that no more follow
 * interrupts  counted by a signal handler: the second one ends a write that waits */
struct xt_capture_output {
	int fd;
	const struct xt_capture_filter *filter;
	uint64_t most;
	uint64_t packets, dropped;
	bool complete, over;
	const volatile int *interrupts;
};

/* Take the whole blocks at the beginning of bytes. How many bytes that were; XT_E_SYNTAX: it is no
 * pcapng; -EPIPE: the reader has closed; -errno. */
int xt_capture_output_take(struct xt_capture_output *output, const uint8_t *bytes, size_t len);

#endif
