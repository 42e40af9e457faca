/* SPDX-License-Identifier: MIT */
/* The table of codes, and its lines with values filled in. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ipc/why_impl.h"

static const struct xt_why_row rows[] = {
#define X(code, word, fine, sides, known, causes, remedy)                                          \
	[code] = {word, fine, sides, known, causes, remedy},
#include "ipc/why.def"
#undef X
};

const struct xt_why_row *xt_why_row(enum xt_why code)
{
	static const struct xt_why_row unknown = {"unknown", false, "", "", "", ""};

	return (unsigned)code < XT_WHYS ? &rows[code] : &unknown;
}

const char *xt_why_word(enum xt_why code)
{
	return xt_why_row(code)->word;
}

bool xt_why_is_fine(enum xt_why code)
{
	return xt_why_row(code)->fine;
}

bool xt_why_word_is_fine(const char *word)
{
	for (int code = 0; code < XT_WHYS; code++)
		if (strcmp(rows[code].word, word) == 0)
			return rows[code].fine;
	return false;
}

struct filler {
	const struct xt_why_view *view;
	char *buf;
	size_t len, used;
};

static void filler_put(struct filler *f, const char *text, size_t n)
{
	size_t room = f->len - 1 - f->used;

	if (n > room)
		n = room;
	memcpy(f->buf + f->used, text, n);
	f->used += n;
	f->buf[f->used] = '\0';
}

/* from..end: a part of a line without brackets. false: a value is not known. */
static bool filler_fill(struct filler *f, const char *from, const char *end)
{
	char value[XT_WHY_VALUE];
	bool known = true;

	while (from < end) {
		const char *open = memchr(from, '{', (size_t)(end - from));
		const char *close = open ? memchr(open, '}', (size_t)(end - open)) : NULL;

		if (!close)
			open = close = end;
		filler_put(f, from, (size_t)(open - from));
		if (close == end)
			break;
		value[0] = '\0';
		if (!xt_why_value(f->view, open + 1, (size_t)(close - open - 1), value))
			known = false;
		filler_put(f, value[0] ? value : "?", strlen(value[0] ? value : "?"));
		from = close + 1;
	}
	return known;
}

static void filler_line(struct filler *f, const char *from, const char *end)
{
	while (from < end) {
		const char *open = memchr(from, '[', (size_t)(end - from));
		const char *close = open ? memchr(open, ']', (size_t)(end - open)) : NULL;
		size_t before;

		if (!close) {
			filler_fill(f, from, end);
			return;
		}
		filler_fill(f, from, open);
		before = f->used;
		if (!filler_fill(f, open + 1, close)) {
			f->used = before;
			f->buf[before] = '\0';
		}
		from = close + 1;
	}
}

/* Moves *from past "(CASE) ". false: that is not the case of view. */
static bool case_holds(const struct xt_why_view *view, const char **from, const char *end)
{
	const char *close = **from == '(' ? memchr(*from, ')', (size_t)(end - *from)) : NULL;
	size_t n;

	if (!close)
		return true;
	n = (size_t)(close - *from - 1);
	if (!view->word || strlen(view->word) != n || strncmp(view->word, *from + 1, n) != 0)
		return false;
	*from = close + 2; /* the space */
	return true;
}

bool xt_why_line(const struct xt_why_view *view, const char **lines, char *buf, size_t len)
{
	struct filler f = {view, buf, len, 0};

	while (**lines) {
		const char *from = *lines, *end = from + strcspn(from, "\n");

		*lines = *end ? end + 1 : end;
		if (!case_holds(view, &from, end))
			continue;
		filler_line(&f, from, end);
		xt_text_clean(buf);
		return true;
	}
	buf[0] = '\0';
	return false;
}

enum xt_why xt_why_sentence(const struct xt_status *status, const struct xt_report *report,
			    const struct xt_peer_report *peer, char buf[XT_WHY_SENTENCE])
{
	const struct xt_why_view view = xt_why_view_peer(status, report, peer);
	const char *lines = xt_why_row(view.code)->known;

	xt_why_line(&view, &lines, buf, XT_WHY_SENTENCE);
	return view.code;
}
