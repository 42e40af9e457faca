/* A configuration file that run, up and check want: loaded, judged, every note printed. */
#ifndef XT_CLI_CONF_OPEN_H
#define XT_CLI_CONF_OPEN_H

#include "config/conf.h"

/* Prints notes to stderr. XT_EXIT_OK; XT_EXIT_FAILURE when the file is missing or unreadable;
 * XT_EXIT_CONFIG. conf is to be cleared by xt_conf_clear in every case. */
int xt_conf_open(struct xt_conf *conf, const char *name_or_path);

#endif
