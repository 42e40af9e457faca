/* SPDX-License-Identifier: MIT */
/* Values of a configuration file: one span of text in, plain data out. Each function returns NULL
 * or a sentence that says what is expected; *column, the value's at the call, is then where the
 * error lies. The sentence quotes nothing of the text. */
#ifndef XT_CONFIG_CONF_VALUE_H
#define XT_CONFIG_CONF_VALUE_H

#include "config/conf.h"
#include "config/conf_lex.h"

const char *xt_value_key(uint8_t out[32], const struct xt_span *v, unsigned *column);
const char *xt_value_port(uint16_t *out, const struct xt_span *v);
const char *xt_value_fwmark(uint32_t *out, const struct xt_span *v);
const char *xt_value_mtu(uint32_t *out, const struct xt_span *v);
/* name: receives the name of a table that this host defines, of at most 63 bytes; "": none */
const char *xt_value_table(enum xt_table *out, uint32_t *id, char name[64],
			   const struct xt_span *v);
const char *xt_value_yes(bool *out, const struct xt_span *v); /* yes or no */
const char *xt_value_bool(bool *out, const struct xt_span *v);
const char *xt_value_keepalive(uint16_t *out, const struct xt_span *v);
const char *xt_value_hold(uint32_t *seconds, const struct xt_span *v);
const char *xt_value_echo(enum xt_echo_mode *out, const struct xt_span *v);
const char *xt_value_threads(uint32_t *out, const struct xt_span *v); /* auto: 0 */
const char *xt_value_offload(bool *off, const struct xt_span *v);
const char *xt_value_log_level(enum xt_log_level *out, const struct xt_span *v);
const char *xt_value_aead(const char **out, const struct xt_span *v); /* auto: NULL */
const char *xt_value_rate(uint32_t *out, const struct xt_span *v);    /* N, N/s, off */
/* host     malloc'ed; any word without white space and signs of a shell, see xt_conf_word
 * service  the port's name, "" when it is a number; then port is 0
 * loose    the host is an IPv6 address without brackets */
struct xt_value_endpoint {
	char *host;
	uint16_t port;
	char service[33];
	bool loose;
};
const char *xt_value_endpoint(struct xt_value_endpoint *out, const struct xt_span *v,
			      unsigned *column);
const char *xt_value_sandbox(enum xt_sandbox_mode *out, const struct xt_span *v);
const char *xt_value_user(char **user, const struct xt_span *v);
const char *xt_value_owner(char **user, char **group, const struct xt_span *v);
const char *xt_value_cidr(struct xt_cidr *out, const struct xt_span *v);

/* Lists. Take the next entry off the front of *rest; false: none left. commas: entries end at
 * commas only and may be empty (AllowedIPs, as wg reads it); otherwise commas and blanks both
 * separate (Address, DNS, as wg-quick reads them). */
bool xt_value_next(struct xt_span *rest, struct xt_span *entry, bool commas);
/* Likewise one Address entry: "a/n" or the pair "a -> b". false with *error NULL: none left. */
bool xt_value_address(struct xt_span *rest, struct xt_link_address *out, const char **error,
		      unsigned *column);

/* malloc'ed string of the span; NULL: no memory. */
char *xt_value_string(const struct xt_span *v);

#endif
