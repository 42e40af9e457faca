/* SPDX-License-Identifier: MIT */
/* The lists of hooks, and how one ended. */
#ifndef XT_HOST_HOOKS_H
#define XT_HOST_HOOKS_H

#include <stddef.h>
#include <stdint.h>

enum xt_hook_list { XT_HOOKS_PRE_UP, XT_HOOKS_POST_UP, XT_HOOKS_PRE_DOWN, XT_HOOKS_POST_DOWN };
#define XT_HOOK_LISTS 4

/* line    of the failed hook in its file, 0 when all went well
 * at      its index in the list
 * error   0; XT_E_INVALID: it ended with status or by signal; -ECANCELED; -errno: could not be
 *	   started
 * output  the end of what it wrote, "" unless that was captured */
struct xt_hooks_result {
	unsigned line;
	size_t at;
	int error;
	int64_t status;
	int signal;
	char output[2048];
};

/* "PostUp on line 7 ended with status 3" in buf; what: the key. */
void xt_hooks_text(const struct xt_hooks_result *result, const char *what, char *buf, size_t len);

#endif
