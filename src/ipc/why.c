/* SPDX-License-Identifier: MIT */
/* The table of codes. */
#include "ipc/why.h"

static const struct {
	const char *word;
	bool fine;
} codes[] = {
#define X(code, word, fine, ...) [code] = {word, fine},
#include "ipc/why.def"
#undef X
};

const char *xt_why_word(enum xt_why code)
{
	return (unsigned)code < XT_WHYS ? codes[code].word : "unknown";
}

bool xt_why_is_fine(enum xt_why code)
{
	return (unsigned)code < XT_WHYS && codes[code].fine;
}
