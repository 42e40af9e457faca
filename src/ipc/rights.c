/* SPDX-License-Identifier: MIT */
/* The one table of verbs and rights. */
#include "ipc/rights.h"

#include <string.h>

#include "base/bytes.h"

static const struct {
	const char *verb;
	enum xt_right right;
} verbs[] = {
    {"show", XT_RIGHT_OBSERVER},    {"status", XT_RIGHT_OBSERVER}, {"why", XT_RIGHT_OBSERVER},
    {"metrics", XT_RIGHT_OBSERVER}, {"events", XT_RIGHT_OBSERVER}, {"ping", XT_RIGHT_OWNER},
    {"save", XT_RIGHT_OWNER},	    {"reload", XT_RIGHT_OWNER},	   {"down", XT_RIGHT_OWNER},
    {"wait", XT_RIGHT_OWNER},	    {"capture", XT_RIGHT_OWNER},   {"log", XT_RIGHT_OWNER},
    {"upgrade", XT_RIGHT_OWNER},
};

enum xt_right xt_verb_right(const char *verb)
{
	for (size_t i = 0; verb && i < XT_LEN(verbs); i++) {
		if (strcmp(verbs[i].verb, verb) == 0)
			return verbs[i].right;
	}
	return XT_RIGHT_OWNER;
}
