/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* parses: src/config/conf.c src/config/conf_lex.c src/config/conf_value.c
 * src/config/conf_interface.c src/config/conf_peer.c src/config/conf_address.c
 * src/config/conf_endpoint.c src/config/conf_check.c src/config/conf_lint.c
 * src/config/conf_lint_host.c src/config/conf_lint_network.c src/config/conf_agree.c */
/* Any bytes as a configuration file: parsed, checked, turned into a change, printed. After a byte
 * 0x1e comes the file of the other end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf_lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void findings_make(const struct xt_conf *conf, const uint8_t *data, size_t len)
{
	struct xt_cidr networks[2] = {{{4, {10, 7}}, 16}, {{6, {0xfd, 7}}, 64}};
	struct xt_lint_instance instance = {
	    .name = "wg1", .port = 51820, .networks = networks, .n_networks = 2};
	struct xt_lint_address address = {"eth0", {{4, {10, 7, 0, 9}}, 24}};
	struct xt_lint_host host = {
	    .addresses = &address, .n_addresses = 1, .instances = &instance, .n_instances = 1};
	struct xt_conf_diagnostics diagnostics = {.each = XT_FINDINGS_EACH};
	struct xt_findings findings = {0};
	struct xt_conf other;
	const struct xt_conf *const ends[2] = {conf, &other}, *const same[2] = {conf, conf};

	xt_conf_lint(&findings, conf, 0);
	xt_conf_lint_host(&findings, conf, 0, &host);
	xt_conf_agree(&findings, same);
	if (xt_conf_parse(&other, "wg1", (const char *)data, len, &diagnostics) == 0) {
		xt_conf_check(&other, &diagnostics);
		xt_conf_lint(&findings, &other, 1);
		xt_conf_agree(&findings, ends);
	}
	xt_findings_take(&findings, 1, &diagnostics);
	xt_findings_sort(&findings);
	xt_conf_clear(&other);
	xt_conf_diagnostics_clear(&diagnostics);
	xt_findings_clear(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end = len ? memchr(data, 0x1e, len) : NULL;
	const uint8_t *rest = end ? end + 1 : data + len;
	size_t rest_len = (size_t)(data + len - rest);
	struct xt_conf conf;
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_change change;
	int err;

	len = end ? (size_t)(end - data) : len;
	err = xt_conf_parse(&conf, "wg0", (const char *)data, len, &diagnostics);

	if (err == 0) {
		xt_conf_check(&conf, &diagnostics);
		if (xt_conf_change(&conf, &change) == 0)
			xt_change_clear(&change);
		findings_make(&conf, rest, rest_len);
	} else if (err == XT_E_SYNTAX && !diagnostics.n) {
		abort();
	}
	free(xt_conf_diagnostics_print(&diagnostics, "fuzz"));
	xt_conf_clear(&conf);
	xt_conf_diagnostics_clear(&diagnostics);
	return 0;
}
