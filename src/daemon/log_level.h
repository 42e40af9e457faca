/* SPDX-License-Identifier: MIT */
/* Which level the log has. At the start: LOG_LEVEL or WG_LOG_LEVEL, else LogLevel of the file, else
 * that of the verb. Then the latest of `xtunnel log` (xt_log_set_level) and a reload that changes
 * LogLevel. */
#ifndef XT_DAEMON_LOG_LEVEL_H
#define XT_DAEMON_LOG_LEVEL_H

#include "config/conf.h"

/* Set the level from the environment, in the words that any WireGuard implementation takes, or else
 * to the verb's. true: a variable is set, to a level that prints. */
bool xt_log_level_env(enum xt_log_level of_verb);
/* The file has been read. */
void xt_log_level_start(const struct xt_conf *conf);
/* A reload goes from one configuration to the other. */
void xt_log_level_reload(const struct xt_conf *from, const struct xt_conf *to);

#endif
