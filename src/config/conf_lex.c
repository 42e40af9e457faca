/* SPDX-License-Identifier: MIT */
/* Lines of a configuration file: comment, section, pair. Spans point into the text and carry their
 * column, so that each piece of a line knows its place. */
#include "config/conf_lex.h"

#include <string.h>

void xt_lex_init(struct xt_lex *lex, const char *text, size_t len)
{
	size_t mark = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	lex->at = text + mark;
	lex->end = text + len;
	lex->line = 0;
}

bool xt_lex_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void xt_span_trim(struct xt_span *span)
{
	while (span->len && xt_lex_blank(span->p[0])) {
		span->p++;
		span->len--;
		span->column++;
	}
	while (span->len && xt_lex_blank(span->p[span->len - 1]))
		span->len--;
}

bool xt_span_squeeze(const struct xt_span *span, char *buf, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < span->len; i++) {
		if (xt_lex_blank(span->p[i]))
			continue;
		if (n + 1 >= cap)
			return false;
		buf[n++] = span->p[i];
	}
	buf[n] = '\0';
	return true;
}

/* Length of the well-formed sequence at p (RFC 3629: shortest form, no surrogates), or 0. */
static size_t utf8_sequence(const unsigned char *p, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (len < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

unsigned xt_span_bad_utf8(const struct xt_span *span)
{
	for (size_t i = 0; i < span->len;) {
		size_t n = utf8_sequence((const unsigned char *)span->p + i, span->len - i);

		if (!n)
			return span->column + (unsigned)i;
		i += n;
	}
	return 0;
}

static struct xt_span span_cut(const struct xt_span *of, size_t from, size_t to)
{
	struct xt_span s = {of->p + from, to - from, of->column + (unsigned)from};

	xt_span_trim(&s);
	return s;
}

static void line_classify(struct xt_lex_line *out, struct xt_span body)
{
	const char *hash = memchr(body.p, '#', body.len);
	struct xt_span code = body;

	if (hash)
		code.len = (size_t)(hash - body.p);
	xt_span_trim(&code);
	if (!code.len) {
		out->kind = XT_LEX_BLANK;
		return;
	}
	const char *equals = memchr(code.p, '=', code.len);
	if (code.p[0] == '[' && code.p[code.len - 1] == ']' && !out->ours) {
		out->kind = XT_LEX_SECTION;
		out->word = span_cut(&code, 1, code.len - 1);
	} else if (!equals) {
		out->kind = XT_LEX_JUNK;
		out->word = code;
	} else {
		size_t at = (size_t)(equals - code.p), more = (size_t)(code.p - body.p);

		out->kind = XT_LEX_PAIR;
		out->word = span_cut(&code, 0, at);
		out->value = span_cut(&code, at + 1, code.len);
		out->full = span_cut(&body, more + at + 1, body.len);
	}
}

bool xt_lex_next(struct xt_lex *lex, struct xt_lex_line *out)
{
	if (lex->at >= lex->end)
		return false;
	size_t left = (size_t)(lex->end - lex->at);
	const char *newline = memchr(lex->at, '\n', left);
	size_t len = newline ? (size_t)(newline - lex->at) : left;
	struct xt_span body = {lex->at, len, 1};

	lex->at += newline ? len + 1 : len;
	memset(out, 0, sizeof(*out));
	out->line = ++lex->line;
	out->whole = body;
	xt_span_trim(&body);
	if (body.len >= 2 && body.p[0] == '#' && body.p[1] == ':') {
		out->ours = true;
		body = span_cut(&body, 2, body.len);
	}
	line_classify(out, body);
	return true;
}
