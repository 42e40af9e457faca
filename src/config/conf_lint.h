/* SPDX-License-Identifier: MIT */
/* The findings of `check` beyond what `run` and `up` print: a configuration by itself, on this
 * host, and compared with that of the other end. Pure: what is known of the host is an argument. */
#ifndef XT_CONFIG_CONF_LINT_H
#define XT_CONFIG_CONF_LINT_H

#include "config/conf_finding.h"

/* An address with the length of its network, and the interface that has it. */
struct xt_lint_address {
	char interface[16];
	struct xt_cidr cidr;
};
struct xt_lint_instance {
	char name[16];
	uint16_t port; /* 0: not known */
	bool has_key;
	struct xt_public key;
	struct xt_cidr *networks; /* AllowedIPs of all its peers */
	size_t n_networks;
};
struct xt_lint_host {
	struct xt_lint_address *addresses;
	size_t n_addresses, cap_addresses;
	struct xt_lint_instance *instances;
	size_t n_instances, cap_instances;
};

/* conf is the file of that number, as parsed. Each appends to findings, whose failed says whether
 * memory ran out. */
void xt_conf_lint(struct xt_findings *findings, const struct xt_conf *conf, unsigned file);
void xt_conf_lint_network(struct xt_findings *findings, const struct xt_conf *conf, unsigned file);
/* The interface and instance of the file's name or key are left out. Nothing is found when an
 * instance of the host is a peer of the file: then it is for another host. */
void xt_conf_lint_host(struct xt_findings *findings, const struct xt_conf *conf, unsigned file,
		       const struct xt_lint_host *host);
/* The files 0 and 1 as both ends of one tunnel. */
void xt_conf_agree(struct xt_findings *findings, const struct xt_conf *const ends[2]);

#endif
