/* What xt_conf_check asks, piece by piece. */
#ifndef XT_CONFIG_CONF_CHECK_H
#define XT_CONFIG_CONF_CHECK_H

#include "config/conf.h"

struct xt_conf_check {
	const struct xt_conf *conf;
	struct xt_conf_diagnostics *notes;
	bool refused;
	int failed; /* XT_E_NOMEM */
};

void xt_check_error(struct xt_conf_check *c, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void xt_check_warn(struct xt_conf_check *c, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void xt_check_peers(struct xt_conf_check *c); /* conf_check_peers.c */
void xt_check_echo(struct xt_conf_check *c);  /* conf_check_echo.c */

#endif
