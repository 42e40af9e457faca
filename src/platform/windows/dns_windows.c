/* SPDX-License-Identifier: MIT */
/* The order in which name servers and the NRPT rule are set, and the way back. */
#include "platform/windows/dns_windows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"

/* set   the family's settings are the tunnel's
 * rule  so is the rule */
struct xt_dns_interface {
	const struct xt_dns_ops *ops;
	char name[16];
	unsigned ifindex;
	struct xt_dns_settings before[2];
	bool set[2], rule;
};

/* Labels of letters, digits, - and _, as the registry would take anything. */
static bool domain_valid(const char *domain)
{
	size_t len = strlen(domain), label = 0;

	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)domain[i];

		if (c == '.' && (label == 0 || i + 1 == len))
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63 || (c != '.' && c != '-' && c != '_' && !(c >= '0' && c <= '9') &&
				   !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')))
			return false;
	}
	return true;
}

/* Append text, behind separator unless it is the first. false: it does not fit. */
static bool list_add(char list[XT_DNS_TEXT], char separator, const char *text)
{
	size_t used = strlen(list), n;

	n = (size_t)snprintf(list + used, XT_DNS_TEXT - used, "%.*s%s", used > 0 ? 1 : 0,
			     &separator, text);
	return n < XT_DNS_TEXT - used;
}

/* families: bit 0 IPv4, bit 1 IPv6. */
static bool servers_put(char list[XT_DNS_TEXT], char separator, unsigned families,
			const struct xt_ip *servers, size_t n)
{
	bool fits = true;

	for (size_t i = 0; i < n; i++) {
		char text[XT_IP_TEXT];

		if (families & (servers[i].family == 4 ? 1u : 2u))
			fits &= list_add(list, separator, xt_ip_print(&servers[i], text));
	}
	return fits;
}

static bool rule_put(struct xt_dns_rule *rule, const struct xt_ip *servers, size_t n,
		     const char *const *domains, size_t n_domains)
{
	memset(rule, 0, sizeof(*rule));
	for (size_t i = 0; i < n_domains; i++) {
		size_t len = strlen(domains[i]) + 2; /* the dot and the NUL */

		if (rule->len + len + 1 > sizeof(rule->names))
			return false;
		rule->names[rule->len] = '.';
		memcpy(rule->names + rule->len + 1, domains[i], len - 1);
		rule->len += len;
	}
	rule->len++;
	return servers_put(rule->servers, ';', 3, servers, n);
}

static int family_set(struct xt_dns_interface *dns, unsigned i, const struct xt_ip *servers,
		      size_t n, const char *const *domains, size_t n_domains)
{
	struct xt_dns_settings in = {0};
	uint8_t family = i == 0 ? 4 : 6;
	bool fits = servers_put(in.servers, ',', 1u << i, servers, n);
	int rc;

	for (size_t k = 0; k < n_domains; k++)
		fits &= list_add(in.domains, ',', domains[k]);
	if (!fits)
		return -EINVAL;
	if (!in.servers[0])
		return 0;
	rc = dns->ops->get(dns->ifindex, family, &dns->before[i]);
	if (rc == 0)
		rc = dns->ops->set(dns->ifindex, family, &in);
	dns->set[i] = rc == 0;
	return rc;
}

int xt_dns_interface_set(struct xt_dns_interface **out, const struct xt_dns_ops *ops,
			 const char *name, unsigned ifindex, const struct xt_ip *servers, size_t n,
			 const char *const *domains, size_t n_domains, char *error,
			 size_t error_len)
{
	struct xt_dns_interface *dns;
	struct xt_dns_rule rule;
	const char *what = "name servers";
	int rc = 0;

	for (size_t i = 0; i < n_domains; i++)
		if (!domain_valid(domains[i])) {
			snprintf(error, error_len, "DNS domain %.100s: no such name is possible",
				 domains[i]);
			return -EINVAL;
		}
	dns = calloc(1, sizeof(*dns));
	if (!dns || n == 0 || !rule_put(&rule, servers, n, domains, n_domains)) {
		rc = dns ? -EINVAL : XT_E_NOMEM;
		snprintf(error, error_len, "DNS: %s",
			 dns ? "no server, or too many domains" : xt_strerror(rc));
		free(dns);
		return rc;
	}
	dns->ops = ops;
	dns->ifindex = ifindex;
	snprintf(dns->name, sizeof(dns->name), "%s", name);
	for (unsigned i = 0; rc == 0 && i < 2; i++)
		rc = family_set(dns, i, servers, n, domains, n_domains);
	if (rc == 0 && n_domains > 0) {
		what = "rule of its domains";
		rc = ops->rule_set(name, &rule);
		dns->rule = rc == 0;
	}
	if (rc < 0) {
		snprintf(error, error_len, "DNS of %s: %s: %s", name, what, xt_strerror(rc));
		xt_dns_interface_unset(dns);
		return rc;
	}
	ops->flush();
	*out = dns;
	return 0;
}

void xt_dns_interface_unset(struct xt_dns_interface *dns)
{
	if (!dns)
		return;
	if (dns->rule)
		(void)dns->ops->rule_remove(dns->name);
	for (unsigned i = 2; i > 0; i--)
		if (dns->set[i - 1])
			(void)dns->ops->set(dns->ifindex, i == 1 ? 4 : 6, &dns->before[i - 1]);
	dns->ops->flush();
	free(dns);
}

void xt_dns_interface_clean(const struct xt_dns_ops *ops, const char *name)
{
	(void)ops->rule_remove(name);
}
