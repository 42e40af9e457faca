/* SPDX-License-Identifier: MIT */
/* The answer of `why` for people. The object came over a socket: what is not printable in it is
 * replaced before it reaches the terminal. */
#include <string.h>

#include "ipc/print_text.h"
#include "ipc/why.h"

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define RESET  "\033[0m"

struct printer {
	FILE *out;
	bool colour;
	bool some; /* a paragraph was printed */
};

static void colour_print(const struct printer *p, const char *code)
{
	if (p->colour)
		fputs(code, p->out);
}

static void text_print(const struct printer *p, const char *text)
{
	xt_print_text(p->out, text, strlen(text));
}

static const char *member(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && *text ? text : NULL;
}

/* "what first (second): CODE" */
static void head_print(struct printer *p, const json_t *o, const char *what, const char *first,
		       const char *second)
{
	const char *code = member(o, "code");

	if (p->some)
		putc('\n', p->out);
	p->some = true;
	colour_print(p, YELLOW);
	colour_print(p, BOLD);
	fputs(what, p->out);
	colour_print(p, RESET);
	colour_print(p, YELLOW);
	putc(' ', p->out);
	text_print(p, first ? first : second ? second : "?");
	if (first && second) {
		fputs(" (", p->out);
		text_print(p, second);
		putc(')', p->out);
	}
	colour_print(p, RESET);
	fputs(": ", p->out);
	colour_print(p, code && xt_why_word_is_fine(code) ? GREEN : RED);
	text_print(p, code ? code : "?");
	colour_print(p, RESET);
	putc('\n', p->out);
}

static void body_print(const struct printer *p, const json_t *o)
{
	const json_t *causes = json_object_get(o, "causes"),
		     *section = json_object_get(o, "section");
	const char *sentence = member(o, "sentence"), *remedy = member(o, "remedy");

	if (sentence) {
		fputs("  ", p->out);
		text_print(p, sentence);
		putc('\n', p->out);
	}
	for (size_t i = 0; i < json_array_size(causes); i++) {
		const char *cause = json_string_value(json_array_get(causes, i));

		fputs(i ? "     or: " : "  cause: ", p->out);
		text_print(p, cause ? cause : "?");
		putc('\n', p->out);
	}
	if (remedy) {
		colour_print(p, BOLD);
		fputs("   next: ", p->out);
		colour_print(p, RESET);
		text_print(p, remedy);
		putc('\n', p->out);
	}
	for (size_t i = 0; i < json_array_size(section); i++) {
		const char *line = json_string_value(json_array_get(section, i));

		fputs("    ", p->out);
		text_print(p, line ? line : "?");
		putc('\n', p->out);
	}
}

void xt_why_print(FILE *out, const json_t *why, const struct xt_status_style *style)
{
	struct printer p = {.out = out, .colour = style->colour};
	const json_t *list = json_object_get(why, "peers");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		head_print(&p, o, "peer", member(o, "name"), member(o, "public_key"));
		body_print(&p, o);
	}
	list = json_object_get(why, "strangers");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		head_print(&p, o, "caller", member(o, "address"), member(o, "public_key"));
		body_print(&p, o);
	}
	list = json_object_get(why, "device");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		head_print(&p, o, "interface", member(why, "interface"), NULL);
		body_print(&p, o);
	}
}
