/* SPDX-License-Identifier: MIT */
/* What `check` knows of this host: addresses of its interfaces, and running instances. */
#ifndef XT_CLI_CHECK_HOST_H
#define XT_CLI_CHECK_HOST_H

#include "config/conf_lint.h"

/* What this user may see; what cannot be read is left out in silence. XT_E_NOMEM. out is to be
 * cleared in every case. */
int xt_check_host_read(struct xt_lint_host *out);
void xt_check_host_clear(struct xt_lint_host *host);

#endif
