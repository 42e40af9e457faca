/* What this version refuses in a configuration that parsed, and what contradicts itself. */
#include "config/conf_check.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/addr.h"
#include "config/conf_diagnostic.h"

__attribute__((format(printf, 4, 0))) static void
say(struct xt_conf_check *c, bool warning, unsigned line, const char *format, va_list args)
{
	char text[sizeof(((struct xt_conf_diagnostic *)0)->text)];

	vsnprintf(text, sizeof(text), format, args);
	if (xt_conf_diagnostic(c->notes, warning, line, line ? 1 : 0, "%s", text) < 0)
		c->failed = XT_E_NOMEM;
}

void xt_check_error(struct xt_conf_check *c, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(c, false, line, format, args);
	va_end(args);
	c->refused = true;
}

void xt_check_warn(struct xt_conf_check *c, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(c, true, line, format, args);
	va_end(args);
}

/* A network of a whole family is routed in the table that the mark names. */
static void check_policy(struct xt_conf_check *c)
{
	const struct xt_conf *conf = c->conf;

	if (conf->table != XT_TABLE_AUTO || conf->fwmark < 253 || conf->fwmark > 255)
		return;
	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];

		for (size_t j = 0; j < peer->n_allowed; j++)
			if (peer->allowed[j].bits == 0) {
				xt_check_error(c, peer->allowed_lines[j],
					       "AllowedIPs of a whole address family need the "
					       "routing table FwMark, and every host uses table %u",
					       conf->fwmark);
				return;
			}
	}
}

static void check_addresses(struct xt_conf_check *c)
{
	const struct xt_conf *conf = c->conf;
	bool v6 = false;

	for (size_t i = 0; i < conf->n_addresses; i++) {
		const struct xt_ip *ip = &conf->addresses[i].cidr.ip;
		char text[XT_IP_TEXT];

		v6 |= ip->family == 6;
		for (size_t j = 0; j < i; j++)
			if (xt_ip_equal(ip, &conf->addresses[j].cidr.ip)) {
				xt_check_error(c, conf->address_line, "Address %s is given twice",
					       xt_ip_print(ip, text));
				break;
			}
	}
	if (v6 && conf->mtu && conf->mtu < 1280)
		xt_check_error(c, conf->mtu_line,
			       "IPv6 needs an MTU of 1280 at least, and an Address is IPv6");
	else if (conf->mtu && conf->mtu < 576)
		xt_check_warn(c, conf->mtu_line, "an MTU below 576 is too small for most uses");
}

int xt_conf_check(const struct xt_conf *conf, struct xt_conf_diagnostics *notes)
{
	struct xt_conf_check c = {.conf = conf, .notes = notes};
	size_t before = notes->n;

	if (!conf->has_key && !conf->private_key_file)
		xt_check_error(&c, 0, "[Interface] has neither PrivateKey nor PrivateKeyFile");
	check_policy(&c);
	check_addresses(&c);
	xt_check_peers(&c);
	xt_check_echo(&c);
	xt_conf_diagnostics_sort(notes, before);
	if (c.failed)
		return c.failed;
	return c.refused ? XT_E_SYNTAX : 0;
}
