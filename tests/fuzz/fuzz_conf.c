/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* Any bytes as a configuration file: parsed, checked, turned into a change, printed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct xt_conf conf;
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_change change;
	int err = xt_conf_parse(&conf, "wg0", (const char *)data, len, &diagnostics);

	if (err == 0) {
		xt_conf_check(&conf, &diagnostics);
		if (xt_conf_change(&conf, &change) == 0)
			xt_change_clear(&change);
	} else if (err == XT_E_SYNTAX && !diagnostics.n) {
		abort();
	}
	free(xt_conf_diagnostics_print(&diagnostics, "fuzz"));
	xt_conf_clear(&conf);
	xt_conf_diagnostics_clear(&diagnostics);
	return 0;
}
