/* SPDX-License-Identifier: MIT */
/* Parsers for the keys of [Interface]. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "config/conf_reader.h"
#include "config/conf_value.h"

void xt_key_private_key(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	unsigned column = line->value.column;
	const char *error = xt_value_key(r->conf->private_key.b, &line->value, &column);

	if (!xt_reader_judge(r, column, error))
		return;
	r->conf->has_key = true;
	r->conf->key_line = line->line;
}

static void file_name_parse(struct xt_conf_reader *r, const struct xt_lex_line *line, char **out)
{
	if (!line->value.len) {
		xt_reader_judge(r, line->value.column, "expected the name of a file");
		return;
	}
	free(*out);
	*out = xt_value_string(&line->value);
	if (!*out)
		r->failed = XT_E_NOMEM;
}

void xt_key_private_key_file(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	file_name_parse(r, line, &r->conf->private_key_file);
	r->conf->key_line = line->line;
}

/* A '#' may stand in a command, as in a hook. */
void xt_key_private_key_command(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	if (!line->full.len) {
		xt_reader_judge(r, line->value.column, "expected a command");
		return;
	}
	free(r->conf->private_key_command);
	r->conf->private_key_command = xt_value_string(&line->full);
	if (!r->conf->private_key_command)
		r->failed = XT_E_NOMEM;
	r->conf->key_line = line->line;
}

void xt_key_preshared_key_file(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	file_name_parse(r, line, &r->peer->psk_file);
	r->peer->psk_line = line->line;
}

void xt_key_listen_port(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	const char *error = xt_value_port(&r->conf->listen_port, &line->value);

	r->conf->has_port |= xt_reader_judge(r, line->value.column, error);
	r->conf->port_line = line->line;
}

void xt_key_fwmark(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column, xt_value_fwmark(&r->conf->fwmark, &line->value));
}

void xt_key_mtu(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column, xt_value_mtu(&r->conf->mtu, &line->value));
	r->conf->mtu_line = line->line;
}

void xt_key_table(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	struct xt_conf *conf = r->conf;

	xt_reader_judge(
	    r, line->value.column,
	    xt_value_table(&conf->table, &conf->table_number, conf->table_name, &line->value));
	conf->table_line = line->line;
}

void xt_key_save_config(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column, xt_value_bool(&r->conf->save_config, &line->value));
	r->conf->save_line = line->line;
}

/* Take the next entry of Address off rest, and note its place. */
static bool address_next(struct xt_conf_reader *r, struct xt_span *rest,
			 struct xt_link_address *address, const char **error, unsigned *column)
{
	const char *from = rest->p;
	struct xt_conf *conf = r->conf;

	if (!xt_value_address(rest, address, error, column))
		return false;
	struct xt_conf_place *v =
	    xt_reader_grow(r, conf->address_places, conf->n_addresses, sizeof(*v));
	if (!v)
		return false;
	conf->address_places = v;
	v[conf->n_addresses] = (struct xt_conf_place){
	    r->line->line, !address->peer.family && !memchr(from, '/', (size_t)(rest->p - from))};
	return true;
}

void xt_key_address(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	struct xt_conf *conf = r->conf;
	struct xt_span rest = line->value;
	struct xt_link_address address;
	const char *error;
	unsigned column = rest.column;

	conf->address_line = conf->address_line ? conf->address_line : line->line;
	while (address_next(r, &rest, &address, &error, &column)) {
		struct xt_link_address *v =
		    xt_reader_grow(r, conf->addresses, conf->n_addresses, sizeof(*v));
		if (!v)
			return;
		conf->addresses = v;
		v[conf->n_addresses++] = address;
	}
	xt_reader_judge(r, column, error);
}

static bool dns_valid(const struct xt_span *entry)
{
	for (size_t i = 0; i < entry->len; i++) {
		unsigned char c = (unsigned char)entry->p[i];

		if (c <= ' ' || c == 0x7f || strchr("\"'\\;&|<>$`(){}*?!", c))
			return false;
	}
	return entry->len <= 253;
}

void xt_key_dns(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	struct xt_conf *conf = r->conf;
	struct xt_span rest = line->value, entry;

	while (xt_value_next(&rest, &entry, false)) {
		if (!dns_valid(&entry)) {
			xt_reader_judge(r, entry.column, "expected an address or a domain");
			return;
		}
		char **v = xt_reader_grow(r, conf->dns, conf->n_dns, sizeof(*v));
		if (!v)
			return;
		conf->dns = v;
		v[conf->n_dns] = xt_value_string(&entry);
		if (!v[conf->n_dns]) {
			r->failed = XT_E_NOMEM;
			return;
		}
		conf->n_dns++;
		if (xt_conf_word(v[conf->n_dns - 1]) == XT_WORD_OTHER)
			xt_reader_report(
			    r, XT_LINT_DNS_WORD, entry.column,
			    "DNS: neither an address nor a domain; this word is left out");
		conf->dns_line = conf->dns_line ? conf->dns_line : line->line;
	}
}

static void hook_parse(struct xt_conf_reader *r, const struct xt_lex_line *line,
		       struct xt_conf_hooks *hooks)
{
	if (!line->full.len)
		return;
	struct xt_conf_hook *v = xt_reader_grow(r, hooks->v, hooks->n, sizeof(*v));
	if (!v)
		return;
	hooks->v = v;
	v[hooks->n].line = line->line;
	v[hooks->n].command = xt_value_string(&line->full);
	if (v[hooks->n].command)
		hooks->n++;
	else
		r->failed = XT_E_NOMEM;
}

void xt_key_pre_up(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	hook_parse(r, line, &r->conf->pre_up);
}

void xt_key_post_up(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	hook_parse(r, line, &r->conf->post_up);
}

void xt_key_pre_down(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	hook_parse(r, line, &r->conf->pre_down);
}

void xt_key_post_down(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	hook_parse(r, line, &r->conf->post_down);
}

void xt_key_echo(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column, xt_value_echo(&r->conf->echo, &line->value));
	r->conf->echo_line = line->line;
}

void xt_key_echo_addresses(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	struct xt_conf *conf = r->conf;
	struct xt_span rest = line->value, entry;
	struct xt_cidr cidr;

	conf->echo_addresses_line = line->line;
	while (xt_value_next(&rest, &entry, false)) {
		if (!xt_reader_judge(r, entry.column, xt_value_cidr(&cidr, &entry)))
			return;
		struct xt_cidr *v =
		    xt_reader_grow(r, conf->echo_addresses, conf->n_echo_addresses, sizeof(*v));
		if (!v)
			return;
		xt_cidr_mask(&cidr);
		conf->echo_addresses = v;
		v[conf->n_echo_addresses++] = cidr;
	}
	if (!conf->n_echo_addresses)
		xt_reader_judge(r, line->value.column, "expected at least one network");
}

void xt_key_aead(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column, xt_value_aead(&r->conf->aead, &line->value));
}

void xt_key_threads(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column, xt_value_threads(&r->conf->threads, &line->value));
}

void xt_key_offload(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column,
			xt_value_offload(&r->conf->offload_off, &line->value));
}

void xt_key_log_level(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	r->conf->has_log_level = xt_reader_judge(
	    r, line->value.column, xt_value_log_level(&r->conf->log_level, &line->value));
}

void xt_key_echo_rate(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column, xt_value_rate(&r->conf->echo_rate, &line->value));
}

void xt_key_sandbox(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column, xt_value_sandbox(&r->conf->sandbox, &line->value));
}

void xt_key_user(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	char *user;

	if (!xt_reader_judge(r, line->value.column, xt_value_user(&user, &line->value)))
		return;
	free(r->conf->user);
	r->conf->user = user;
}

void xt_key_owner(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	char *user, *group;

	if (!xt_reader_judge(r, line->value.column, xt_value_owner(&user, &group, &line->value)))
		return;
	free(r->conf->owner_user);
	free(r->conf->owner_group);
	r->conf->owner_user = user;
	r->conf->owner_group = group;
}
