/* SPDX-License-Identifier: MIT */
#include "host/scutil_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "config/conf.h"

#define TEXT_MAX  16384
#define WORDS_MAX 256

static const char head[] = "open\n";
static const char servers_line[] = "d.add ServerAddresses *";
static const char domains_line[] = "d.add SearchDomains *";
static const char every_name[] = "d.add SupplementalMatchDomains * \"\"\n";

/* Appends to text of TEXT_MAX bytes at *len; false: there is no room. */
static bool put(char *text, size_t *len, const char *first, const char *second)
{
	int n = snprintf(text + *len, TEXT_MAX - *len, "%s%s", first, second);

	if (n < 0 || (size_t)n >= TEXT_MAX - *len)
		return false;
	*len += (size_t)n;
	return true;
}

static bool list_put(char *text, size_t *len, const char *line, const char *const *words, size_t n)
{
	bool ok = n == 0 || put(text, len, line, "");

	for (size_t i = 0; ok && i < n; i++)
		ok = put(text, len, " ", words[i]);
	return ok && (n == 0 || put(text, len, "\n", ""));
}

static bool entry_put(char *text, size_t *len, const char *verb, const char *interface)
{
	return put(text, len, verb, " State:/Network/Service/xtunnel-") &&
	       put(text, len, interface, "/DNS\nquit\n");
}

char *xt_scutil_text(const char *interface, const struct xt_dns *dns, size_t *len)
{
	char *text = malloc(TEXT_MAX);
	bool ok = text != NULL;

	*len = 0;
	ok = ok && put(text, len, head, "");
	if (dns) {
		ok = ok && put(text, len, "d.init\n", "") &&
		     list_put(text, len, servers_line, dns->servers, dns->n_servers) &&
		     list_put(text, len, domains_line, dns->domains, dns->n_domains);
		if (dns->n_servers > 0)
			ok = ok && put(text, len, every_name, "");
	}
	if (ok && entry_put(text, len, dns ? "set" : "remove", interface))
		return text;
	free(text);
	return NULL;
}

/* The words of a list, of that kind, which are cut out of the line. */
static bool words_take(char *line, const char *prefix, enum xt_conf_word kind, const char **words,
		       size_t *n)
{
	size_t len = strlen(prefix);
	char *word, *rest = NULL;

	if (strncmp(line, prefix, len) != 0)
		return true;
	for (word = strtok_r(line + len, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (*n == WORDS_MAX || xt_conf_word(word) != kind)
			return false;
		words[(*n)++] = word;
	}
	return true;
}

/* The words are read, and the text is written again with them: it is the same, or not ours. */
bool xt_scutil_text_ok(const char *text, size_t len, const char *interface)
{
	const char *servers[WORDS_MAX], *domains[WORDS_MAX];
	struct xt_dns dns = {.servers = servers, .domains = domains};
	char *copy, *line, *rest = NULL, *again = NULL;
	bool ok, set = false;
	size_t again_len = 0;

	if (len >= TEXT_MAX || memchr(text, '\0', len))
		return false;
	copy = calloc(1, len + 1);
	ok = copy != NULL;
	if (ok)
		memcpy(copy, text, len);
	for (line = ok ? strtok_r(copy, "\n", &rest) : NULL; ok && line;
	     line = strtok_r(NULL, "\n", &rest)) {
		set |= strcmp(line, "d.init") == 0;
		ok = words_take(line, servers_line, XT_WORD_ADDRESS, servers, &dns.n_servers) &&
		     words_take(line, domains_line, XT_WORD_DOMAIN, domains, &dns.n_domains);
	}
	if (ok)
		again = xt_scutil_text(interface, set ? &dns : NULL, &again_len);
	ok = again && again_len == len && memcmp(again, text, len) == 0;
	free(again);
	free(copy);
	return ok;
}
