/* SPDX-License-Identifier: MIT */
/* Where messages and log lines go: standard error, or what a running instance puts in its place. */
#ifndef XT_BASE_OUTPUT_H
#define XT_BASE_OUTPUT_H

#include <stddef.h>

/* text: whole lines. errno is preserved. */
typedef void xt_output(const char *text, size_t len);

/* NULL: standard error, whose reader is waited for. */
void xt_output_set(xt_output *output);
void xt_output_put(const char *text, size_t len);

#endif
