/* SPDX-License-Identifier: MIT */
/* A configuration file without the keys that wg(8) does not know, line by line as `wg-quick strip`
 * prints it, so that comments and the order of keys stay. */
#include <string.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "config/conf_edit.h"
#include "config/conf_reader.h"
#include "config/conf_write.h"

/* next  where the search for the peer of a PresharedKeyFile begins: the files come in the order of
 *       the peers, but for sections that were merged */
struct strip {
	const struct xt_conf *conf;
	struct xt_secbuf out;
	size_t next;
};

static bool key_is_of_wg(enum xt_conf_key_id id)
{
	const struct xt_conf_key *key = &xt_conf_keys[id];

	if (key->repeat == XT_KEY_OURS)
		return false;
	return key->section == XT_SECTION_PEER || id == XT_KEY_PRIVATE_KEY ||
	       id == XT_KEY_LISTEN_PORT || id == XT_KEY_FWMARK;
}

/* The key that the file of that line holds. A later section of the same peer may have replaced it:
 * wg(8) does the same, so nothing is missing then. */
static void psk_put(struct strip *strip, unsigned line)
{
	const struct xt_conf *conf = strip->conf;

	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[(strip->next + i) % conf->n_peers];

		if (!peer->psk_file || peer->psk_line != line)
			continue;
		xt_conf_put_key(&strip->out, xt_conf_keys[XT_KEY_PRESHARED_KEY].key, peer->psk.b);
		strip->next = (strip->next + i + 1) % conf->n_peers;
		return;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* wg-quick(8) reads a line without the white space around it. */
static void bytes_put(struct strip *strip, const char *from, const char *to)
{
	while (from < to && is_blank(*from))
		from++;
	while (from < to && is_blank(to[-1]))
		to--;
	xt_secbuf_append(&strip->out, from, (size_t)(to - from));
}

static void line_put(struct strip *strip, const struct xt_lex_line *line)
{
	bytes_put(strip, line->whole.p, line->whole.p + line->whole.len);
	xt_secbuf_puts(&strip->out, "\n");
}

/* wg(8) takes one endpoint. */
static void endpoint_put(struct strip *strip, const struct xt_lex_line *line)
{
	const struct xt_span *value = &line->value;
	const char *end = line->whole.p + line->whole.len, *after = value->p + value->len;
	const char *comma = memchr(value->p, ',', value->len), *first_end = comma;

	if (!comma) {
		line_put(strip, line);
		return;
	}
	while (first_end > value->p && xt_lex_blank(first_end[-1]))
		first_end--;
	bytes_put(strip, line->whole.p, first_end);
	if (after < end && memchr(after, '#', (size_t)(end - after)))
		xt_secbuf_puts(&strip->out, " ");
	bytes_put(strip, after, end);
	xt_secbuf_puts(&strip->out, "\n");
}

static void pair_put(struct strip *strip, const struct xt_lex_line *line)
{
	enum xt_conf_key_id id = XT_KEYS;
	char word[64];

	if (xt_span_squeeze(&line->word, word, sizeof(word)))
		id = xt_conf_key_find(word);
	if (id == XT_KEYS || (line->ours && xt_conf_keys[id].repeat != XT_KEY_OURS))
		line_put(strip, line); /* a comment */
	else if (id == XT_KEY_PRIVATE_KEY_FILE)
		xt_conf_put_key(&strip->out, xt_conf_keys[XT_KEY_PRIVATE_KEY].key,
				strip->conf->private_key.b);
	else if (id == XT_KEY_PRESHARED_KEY_FILE)
		psk_put(strip, line->line);
	else if (id == XT_KEY_ENDPOINT)
		endpoint_put(strip, line);
	else if (key_is_of_wg(id))
		line_put(strip, line);
}

int xt_conf_strip(const struct xt_conf *conf, const char *text, size_t text_len, char **out,
		  size_t *len)
{
	struct strip strip = {.conf = conf, .out = XT_SECBUF_INIT(XT_SECBUF_MAX)};
	struct xt_lex lex;
	struct xt_lex_line line;

	xt_lex_init(&lex, text, text_len);
	while (xt_lex_next(&lex, &line)) {
		if (line.kind == XT_LEX_PAIR)
			pair_put(&strip, &line);
		else if (!xt_edit_disabled_line(line.whole.p, line.whole.len))
			line_put(&strip, &line);
	}
	xt_secbuf_puts(&strip.out, "\n"); /* wg-quick(8) ends with an empty line */
	return xt_secbuf_detach(&strip.out, out, len);
}
