/* SPDX-License-Identifier: MIT */
/* The level of the log. */
#include "daemon/log_level.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/message.h"

/* initial: by environment or verb */
static struct {
	bool environment;
	enum xt_log_level initial;
} chosen = {.initial = XT_LOG_WARNING};

/* What other implementations call error has their warnings. */
static bool word_parse(enum xt_log_level *out, const char *word)
{
	static const struct {
		const char *word;
		enum xt_log_level level;
	} words[] = {
	    {"error", XT_LOG_WARNING},	 {"silent", XT_LOG_SILENT},   {"off", XT_LOG_SILENT},
	    {"warn", XT_LOG_WARNING},	 {"warning", XT_LOG_WARNING}, {"notice", XT_LOG_NOTICE},
	    {"verbose", XT_LOG_VERBOSE}, {"info", XT_LOG_VERBOSE},    {"debug", XT_LOG_DEBUG},
	    {"trace", XT_LOG_DEBUG},
	};

	for (size_t i = 0; i < XT_LEN(words); i++) {
		if (strcmp(word, words[i].word) == 0) {
			*out = words[i].level;
			return true;
		}
	}
	return false;
}

bool xt_log_level_env(enum xt_log_level of_verb)
{
	const char *variable = getenv("LOG_LEVEL") ? "LOG_LEVEL" : "WG_LOG_LEVEL";
	const char *word = getenv(variable);

	chosen.initial = of_verb;
	chosen.environment = word && *word && word_parse(&chosen.initial, word);
	xt_log_set_level(chosen.initial);
	if (word && *word && !chosen.environment)
		xt_message(
		    "%s=%.20s: silent, error, warning, notice, verbose or debug was expected",
		    variable, word);
	return chosen.environment && chosen.initial != XT_LOG_SILENT;
}

void xt_log_level_start(const struct xt_conf *conf)
{
	if (conf->has_log_level && !chosen.environment)
		xt_log_set_level(conf->log_level);
}

void xt_log_level_reload(const struct xt_conf *from, const struct xt_conf *to)
{
	if (from->has_log_level == to->has_log_level && from->log_level == to->log_level)
		return;
	xt_log_set_level(to->has_log_level ? to->log_level : chosen.initial);
}
