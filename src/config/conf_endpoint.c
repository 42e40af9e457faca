/* SPDX-License-Identifier: MIT */
/* The entries of a peer's Endpoint. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/size.h"
#include "base/text.h"
#include "config/conf_reader.h"
#include "config/conf_value.h"

struct xt_conf_endpoint xt_conf_endpoint_at(const struct xt_conf_peer *peer, size_t i)
{
	struct xt_conf_endpoint first = {.host = peer->endpoint_host, .port = peer->endpoint_port};

	if (i > 0)
		return peer->endpoints_more[i - 1];
	memcpy(first.service, peer->endpoint_service, sizeof(first.service));
	return first;
}

size_t xt_conf_endpoints(const struct xt_conf_peer *peer)
{
	return peer->endpoint_host ? 1 + peer->n_endpoints_more : 0;
}

bool xt_conf_endpoint_named(const struct xt_conf_peer *peer)
{
	for (size_t i = 0; i < xt_conf_endpoints(peer); i++)
		if (xt_conf_word(xt_conf_endpoint_at(peer, i).host) != XT_WORD_ADDRESS)
			return true;
	return false;
}

bool xt_conf_endpoint_literal(struct xt_endpoint *out, const struct xt_conf_endpoint *entry)
{
	char text[XT_ENDPOINT_TEXT];
	bool v6 = strchr(entry->host, ':') != NULL;
	int n = snprintf(text, sizeof(text), v6 ? "[%s]:%u" : "%s:%u", entry->host,
			 (unsigned)entry->port);

	return n > 0 && (size_t)n < sizeof(text) && xt_endpoint_parse(out, text) == 0;
}

void xt_conf_endpoints_clear(struct xt_conf_peer *peer)
{
	free(peer->endpoint_host);
	for (size_t i = 0; i < peer->n_endpoints_more; i++)
		free(peer->endpoints_more[i].host);
	free(peer->endpoints_more);
	peer->endpoint_host = NULL;
	peer->endpoints_more = NULL;
	peer->n_endpoints_more = 0;
}

void xt_conf_endpoints_move(struct xt_conf_peer *to, struct xt_conf_peer *from)
{
	xt_conf_endpoints_clear(to);
	to->endpoint_host = from->endpoint_host;
	to->endpoint_port = from->endpoint_port;
	memcpy(to->endpoint_service, from->endpoint_service, sizeof(to->endpoint_service));
	to->endpoints_more = from->endpoints_more;
	to->n_endpoints_more = from->n_endpoints_more;
	to->endpoint_line = from->endpoint_line;
	from->endpoint_host = NULL;
	from->endpoints_more = NULL;
	from->n_endpoints_more = 0;
}

int xt_conf_endpoints_copy(struct xt_conf_peer *to, const struct xt_conf_peer *from)
{
	size_t n = xt_conf_endpoints(from);

	for (size_t i = 0; i < n; i++) {
		struct xt_conf_endpoint entry = xt_conf_endpoint_at(from, i);

		entry.host = strdup(entry.host);
		if (!entry.host)
			return XT_E_NOMEM;
		if (xt_conf_endpoint_append(to, &entry) < 0) {
			free(entry.host);
			return XT_E_NOMEM;
		}
	}
	return 0;
}

int xt_conf_endpoint_append(struct xt_conf_peer *peer, const struct xt_conf_endpoint *entry)
{
	struct xt_conf_endpoint *v;

	if (!peer->endpoint_host) {
		peer->endpoint_host = entry->host;
		peer->endpoint_port = entry->port;
		memcpy(peer->endpoint_service, entry->service, sizeof(entry->service));
		return 0;
	}
	v = xt_items_resize(peer->endpoints_more, peer->n_endpoints_more + 1, sizeof(*v));
	if (!v)
		return XT_E_NOMEM;
	peer->endpoints_more = v;
	v[peer->n_endpoints_more++] = *entry;
	return 0;
}

/* One entry at the end of peer's list. false: it is wrong, or there is no memory. */
static bool entry_read(struct xt_conf_reader *r, const struct xt_span *span,
		       struct xt_conf_peer *peer)
{
	unsigned column = span->column;
	struct xt_value_endpoint value;
	struct xt_conf_endpoint entry;
	const char *error = xt_value_endpoint(&value, span, &column);

	if (!error && xt_conf_endpoints(peer) == XT_CONF_ENDPOINTS_MAX) {
		free(value.host);
		error = "more than 8 endpoints";
	}
	if (!xt_reader_judge(r, column, error))
		return false;
	entry = (struct xt_conf_endpoint){.host = value.host, .port = value.port};
	memcpy(entry.service, value.service, sizeof(entry.service));
	if (xt_conf_endpoint_append(peer, &entry) < 0) {
		free(value.host);
		r->failed = XT_E_NOMEM;
		return false;
	}
	if (xt_conf_word(value.host) == XT_WORD_OTHER)
		xt_reader_report(
		    r, XT_LINT_ENDPOINT_HOST, span->column,
		    "Endpoint: the host is neither an address nor a domain; it will not "
		    "be found");
	else if (value.loose)
		xt_reader_report(r, XT_LINT_ENDPOINT_BRACKETS, span->column,
				 "Endpoint: write an IPv6 address in brackets, [ADDRESS]:PORT");
	return true;
}

void xt_key_endpoint(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	struct xt_span rest = line->value, entry;
	struct xt_conf_peer fresh = {.endpoint_line = line->line};
	bool good = true;

	while (good && xt_value_next(&rest, &entry, true))
		good = entry.len || !line->value.len
			   ? entry_read(r, &entry, &fresh)
			   : xt_reader_judge(r, entry.column, "there is one comma too many");
	if (good)
		xt_conf_endpoints_move(r->peer, &fresh);
	else
		xt_conf_endpoints_clear(&fresh);
}

void xt_key_endpoint_hold(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	xt_reader_judge(r, line->value.column,
			xt_value_hold(&r->peer->endpoint_hold_s, &line->value));
}
