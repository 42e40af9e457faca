/* SPDX-License-Identifier: MIT */
/* Words of other programs' configuration files. */
#include <strings.h>

#include "base/bytes.h"
#include "config/conf_reader.h"

static const struct {
	const char *word, *sentence;
} foreign[] = {
#define X(word, sentence) {word, sentence},
#include "config/conf_foreign.def"
#undef X
};

const char *xt_conf_foreign(const char *word)
{
	for (size_t i = 0; i < XT_LEN(foreign); i++)
		if (strcasecmp(word, foreign[i].word) == 0)
			return foreign[i].sentence;
	return NULL;
}
