/* SPDX-License-Identifier: MIT */
/* The marked blocks of a resolv.conf(5). Lines between a begin and an end that bear the interface's
 * name belong to the interface; nothing else is changed. */
#include "host/resolv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/secbuf.h"
#include "config/conf.h"

#define SERVERS_READ 3 /* by the resolvers of glibc and musl */

/* Notes behind "begin": what else is taken back with the block. */
#define NOTE_MADE " (the file was made)"
#define NOTE_LINE " (the line before got its end)"

static bool word_is_server(const char *word)
{
	struct xt_ip ip;

	return strchr(word, ':') || word[strspn(word, "0123456789.")] == '\0' ||
	       xt_ip_parse(&ip, word) == 0;
}

int xt_dns_sort(struct xt_dns *dns, char *const *words, size_t n)
{
	memset(dns, 0, sizeof(*dns));
	dns->servers = calloc(n + 1, sizeof(*dns->servers));
	dns->domains = calloc(n + 1, sizeof(*dns->domains));
	if (!dns->servers || !dns->domains) {
		xt_dns_clear(dns);
		return XT_E_NOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		if (xt_conf_word(words[i]) == XT_WORD_OTHER)
			continue; /* a warning said so: one bad word would fail the others */
		if (word_is_server(words[i]))
			dns->servers[dns->n_servers++] = words[i];
		else
			dns->domains[dns->n_domains++] = words[i];
	}
	return 0;
}

void xt_dns_clear(struct xt_dns *dns)
{
	free(dns->servers);
	free(dns->domains);
	memset(dns, 0, sizeof(*dns));
}

static void servers_put(struct xt_secbuf *out, const char *name, const struct xt_dns *dns,
			bool made)
{
	size_t n = dns->n_servers;

	if (n == 0 && !made)
		return;
	xt_secbuf_printf(out, "# xtunnel %s begin%s\n", name, made ? NOTE_MADE : "");
	for (size_t i = 0; n > 0 && (i < n || i < SERVERS_READ); i++)
		xt_secbuf_printf(out, "nameserver %s\n", dns->servers[i % n]);
	xt_secbuf_printf(out, "# xtunnel %s end\n", name);
}

static void domains_put(struct xt_secbuf *out, const char *name, const struct xt_dns *dns,
			bool open_line)
{
	if (dns->n_domains == 0)
		return;
	xt_secbuf_printf(out, "%s# xtunnel %s begin%s\nsearch", open_line ? "\n" : "", name,
			 open_line ? NOTE_LINE : "");
	for (size_t i = 0; i < dns->n_domains; i++)
		xt_secbuf_printf(out, " %s", dns->domains[i]);
	xt_secbuf_printf(out, "\n# xtunnel %s end\n", name);
}

int xt_resolv_add(char **out, size_t *out_len, const char *text, size_t len, bool made,
		  const char *name, const struct xt_dns *dns)
{
	char *clean;
	size_t clean_len;
	bool found, was_made;
	int rc = xt_resolv_remove(&clean, &clean_len, text, len, name, &found, &was_made);
	struct xt_secbuf edited = XT_SECBUF_INIT(XT_SECBUF_MAX);

	if (rc < 0)
		return rc;
	servers_put(&edited, name, dns, made || was_made);
	xt_secbuf_append(&edited, clean, clean_len);
	domains_put(&edited, name, dns, clean_len > 0 && clean[clean_len - 1] != '\n');
	free(clean);
	return xt_secbuf_detach(&edited, out, out_len);
}

struct line {
	const char *p;
	size_t len; /* with its end */
};

/* The line is head, perhaps with a note: the beginning of the note, or NULL. */
static const char *line_after(const struct line *line, const char *head, size_t *len)
{
	size_t n = strlen(head), text = line->len;

	while (text > 0 && (line->p[text - 1] == '\n' || line->p[text - 1] == '\r'))
		text--;
	if (text < n || memcmp(line->p, head, n) != 0 || (text > n && line->p[n] != ' '))
		return NULL;
	*len = text - n;
	return line->p + n;
}

static bool note_is(const char *note, size_t len, const char *what)
{
	return len == strlen(what) && memcmp(note, what, len) == 0;
}

static struct line line_at(const char *p, const char *end)
{
	const char *stop = memchr(p, '\n', (size_t)(end - p));

	return (struct line){p, (size_t)((stop ? stop + 1 : end) - p)};
}

/* The end of the block that begins at p; NULL: its end mark is missing. */
static const char *block_end(const char *p, const char *end, const char *head, const char *tail)
{
	size_t len;

	for (p += line_at(p, end).len; p < end; p += line_at(p, end).len) {
		struct line line = line_at(p, end);

		if (line_after(&line, head, &len))
			return NULL;
		if (line_after(&line, tail, &len))
			return p + line.len;
	}
	return NULL;
}

int xt_resolv_remove(char **out, size_t *out_len, const char *text, size_t len, const char *name,
		     bool *found, bool *made)
{
	char head[64], tail[64], *to = malloc(len + 1);
	const char *p = text, *end = text + len;

	*found = *made = false;
	if (!to)
		return XT_E_NOMEM;
	*out = to;
	snprintf(head, sizeof(head), "# xtunnel %s begin", name);
	snprintf(tail, sizeof(tail), "# xtunnel %s end", name);
	while (p < end) {
		struct line line = line_at(p, end);
		size_t note_len;
		const char *note = line_after(&line, head, &note_len), *stop;

		if (note) {
			stop = block_end(p, end, head, tail);
			p = stop ? stop : p + line.len;
			*found = true;
			*made |= note_is(note, note_len, NOTE_MADE);
			if (note_is(note, note_len, NOTE_LINE) && p == end && to > *out)
				to--;
		} else if (line_after(&line, tail, &note_len)) {
			*found = true;
			p += line.len;
		} else {
			memcpy(to, p, line.len);
			to += line.len;
			p += line.len;
		}
	}
	*out_len = (size_t)(to - *out);
	*made = *made && *out_len == 0;
	return 0;
}
