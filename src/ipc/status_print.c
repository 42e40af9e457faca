/* SPDX-License-Identifier: MIT */
/* The state of an instance for people: the form of `wg show`, and more. Each row of status.def that
 * has a form is printed. The object came over a socket: what is not printable in it is replaced
 * before it reaches the terminal. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"
#include "ipc/print_text.h"
#include "ipc/status.h"
#include "ipc/status_endpoints.h"
#include "ipc/why.h"

struct printer {
	FILE *out;
	bool colour;
	uint64_t now_s;
};

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"
#define RESET  "\033[0m"

static const char *printer_colour(const struct printer *p, const char *code)
{
	return p->colour ? code : "";
}

bool xt_status_colour(FILE *out)
{
	const char *mode = getenv("WG_COLOR_MODE"), *no = getenv("NO_COLOR"), *term;

	if (mode && strcasecmp(mode, "always") == 0)
		return true;
	if (mode && strcasecmp(mode, "never") == 0)
		return false;
	term = getenv("TERM");
	if ((no && *no) || (term && strcmp(term, "dumb") == 0))
		return false;
	return isatty(fileno(out)) == 1;
}

static void text_print(const struct printer *p, const char *text)
{
	xt_print_text(p->out, text, strlen(text));
}

enum object { TOP, UDP, ECHO, SANDBOX, PEER };

/* How a value is printed, and when it is not. */
enum form {
	NONE,	     /* never */
	HEAD,	     /* the head line of the instance or of a peer, coloured */
	PLAIN,	     /* a text, unless empty */
	UNLESS_OFF,  /* a text, unless "off" */
	UNLESS_FINE, /* a code of why.def, unless nothing is wrong */
	LOCAL_KEY,   /* a text, and a line for the private key */
	FLAG,	     /* nothing but the words of the row, when true */
	COUNT,	     /* a number, unless 0 */
	ABOVE_ONE,   /* a number, unless 0 or 1 */
	HEX,	     /* a number, unless 0 */
	DURATION,    /* seconds, unless 0 */
	AGO,	     /* seconds since 1970, unless 0 */
	BYTES,	     /* a number; 0 only beside another that is not 0 */
	NETWORKS,    /* always */
	ENDPOINTS,   /* a list, unless it has one element at most */
	LOCKS,	     /* those that are missing, and why */
	COUNTERS,    /* a line for each drop that is not 0 */
	PEERS,	     /* a block for each */
};

struct row {
	enum object object;
	const char *key;
	enum form form;
	const char *label; /* NULL: continues the line of the row above */
	const char *before, *after;
};

static const struct row rows[] = {
#define GIVEN(object, key, type, field, form, label, before, after, sentence)                      \
	{object, key, form, label, before, after},
#define REPORT(object, key, type, value, form, label, before, after, sentence)                     \
	{object, key, form, label, before, after},
#include "ipc/status.def"
};

static const char *value_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && *text ? text : NULL;
}

static uint64_t value_number(const json_t *value)
{
	json_int_t n = json_integer_value(value);

	return n > 0 ? (uint64_t)n : 0;
}

static const json_t *row_value(const struct row *row, const json_t *o)
{
	if (row->object == UDP)
		o = json_object_get(o, "udp");
	else if (row->object == ECHO)
		o = json_object_get(o, "echo");
	else if (row->object == SANDBOX)
		o = json_object_get(o, "sandbox");
	return json_object_get(o, row->key);
}

static bool row_shown(const struct row *row, const json_t *value)
{
	switch (row->form) {
	case NONE:
	case HEAD:
	case COUNTERS:
	case PEERS:
		return false;
	case PLAIN:
	case LOCAL_KEY:
		return value_text(value) != NULL;
	case UNLESS_FINE:
		return value_text(value) && !xt_why_word_is_fine(value_text(value));
	case UNLESS_OFF:
		return value_text(value) && strcmp(value_text(value), "off") != 0;
	case FLAG:
		return json_is_true(value);
	case ABOVE_ONE:
		return value_number(value) > 1;
	case COUNT:
	case HEX:
	case DURATION:
	case AGO:
	case BYTES:
		return value_number(value) > 0;
	case ENDPOINTS:
		return json_array_size(value) > 1;
	case NETWORKS:
	case LOCKS:
		break;
	}
	return true;
}

static void label_print(const struct printer *p, const char *name)
{
	fprintf(p->out, "  %s%s%s: ", printer_colour(p, BOLD), name, printer_colour(p, RESET));
}

static void head_print(const struct printer *p, const struct row *row, const json_t *value)
{
	const char *colour = printer_colour(p, row->object == PEER ? YELLOW : GREEN);
	const char *text = value_text(value);

	fprintf(p->out, "%s%s%s%s: %s", colour, printer_colour(p, BOLD), row->label,
		printer_colour(p, RESET), colour);
	text_print(p, text ? text : "?");
	fprintf(p->out, "%s\n", printer_colour(p, RESET));
}

static void duration_print(const struct printer *p, uint64_t s)
{
	const char *comma = "";

	for (size_t i = 0; i < XT_TIME_UNITS; i++) {
		uint64_t n = s / xt_time_units[i].seconds;

		s %= xt_time_units[i].seconds;
		if (!n)
			continue;
		fprintf(p->out, "%s%" PRIu64 " %s%s%s%s", comma, n, printer_colour(p, CYAN),
			xt_time_units[i].name, n == 1 ? "" : "s", printer_colour(p, RESET));
		comma = ", ";
	}
}

static void bytes_print(const struct printer *p, uint64_t n)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = (double)n / 1024;
	size_t i = 0;

	if (n < 1024) {
		fprintf(p->out, "%u %sB%s", (unsigned)n, printer_colour(p, CYAN),
			printer_colour(p, RESET));
		return;
	}
	for (; i + 1 < XT_LEN(units) && n >> (10 * (i + 2)); i++)
		value /= 1024;
	fprintf(p->out, "%.2f %s%s%s", value, printer_colour(p, CYAN), units[i],
		printer_colour(p, RESET));
}

static void ago_print(const struct printer *p, uint64_t then)
{
	if (then > p->now_s) {
		fprintf(p->out, "(%sSystem clock wound backward; connection problems may ensue.%s)",
			printer_colour(p, RED), printer_colour(p, RESET));
	} else if (then == p->now_s) {
		fputs("Now", p->out);
	} else {
		duration_print(p, p->now_s - then);
		fputs(" ago", p->out);
	}
}

static void networks_print(const struct printer *p, const json_t *list)
{
	if (!json_array_size(list))
		fputs("(none)", p->out);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *slash = text ? strchr(text, '/') : NULL;

		fputs(i ? ", " : "", p->out);
		if (!slash) {
			text_print(p, text ? text : "?");
			continue;
		}
		xt_print_text(p->out, text, (size_t)(slash - text));
		fprintf(p->out, "%s/%s", printer_colour(p, CYAN), printer_colour(p, RESET));
		text_print(p, slash + 1);
	}
}

static void endpoints_print(const struct printer *p, const json_t *list)
{
	char text[512];

	for (size_t i = 0; i < json_array_size(list); i++) {
		xt_status_endpoint_text(json_array_get(list, i), text, sizeof(text));
		fputs(i ? ", " : "", p->out);
		text_print(p, text);
	}
}

static void locks_print(const struct printer *p, const json_t *locks)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)locks, name, value)
	{
		const char *text = value_text(value);

		if (!text || strcmp(text, "taken") == 0 || strcmp(text, "unused") == 0)
			continue;
		fputs(", ", p->out);
		text_print(p, name);
		fputs(": ", p->out);
		text_print(p, text);
	}
}

static void value_print(const struct printer *p, const struct row *row, const json_t *value)
{
	uint64_t n = value_number(value);

	fputs(row->before, p->out);
	if (row->form == PLAIN || row->form == UNLESS_OFF || row->form == UNLESS_FINE ||
	    row->form == LOCAL_KEY)
		text_print(p, value_text(value));
	else if (row->form == COUNT || row->form == ABOVE_ONE)
		fprintf(p->out, "%" PRIu64, n);
	else if (row->form == HEX)
		fprintf(p->out, "0x%" PRIx64, n);
	else if (row->form == DURATION)
		duration_print(p, n);
	else if (row->form == AGO)
		ago_print(p, n);
	else if (row->form == BYTES)
		bytes_print(p, n);
	else if (row->form == NETWORKS)
		networks_print(p, value);
	else if (row->form == ENDPOINTS)
		endpoints_print(p, value);
	else if (row->form == LOCKS)
		locks_print(p, value);
	fputs(row->after, p->out);
	if (row->form == LOCAL_KEY) {
		putc('\n', p->out);
		label_print(p, "private key");
		fputs("(hidden)", p->out);
	}
}

static void drop_print(const struct printer *p, const json_t *counters, enum xt_verdict verdict,
		       const char *label)
{
	const char *name = xt_verdict_label(verdict);
	uint64_t n = value_number(json_object_get(counters, name));

	if (!n || strncmp(name, "drop_", 5) != 0)
		return;
	label_print(p, label);
	fprintf(p->out, "%" PRIu64 ": %s\n", n, xt_verdict_sentence(verdict));
}

static void drops_print(const struct printer *p, const json_t *counters)
{
	for (unsigned i = 0; i < XT_VERDICTS; i++) {
		if (i != XT_DROP_MULTICAST)
			drop_print(p, counters, (enum xt_verdict)i, "dropped");
	}
	/* Every host sends some: no sign of a fault, so it must not look like one. */
	drop_print(p, counters, XT_DROP_MULTICAST, "ignored");
}

/* A row with a label begins a line, those without one below it continue the line. Peers come last,
 * by peers_print. */
static void rows_print(const struct printer *p, const json_t *o, bool of_peer)
{
	bool line = false; /* begun and not ended */

	for (size_t i = 0; i < XT_LEN(rows); i++) {
		const struct row *row = &rows[i];
		const json_t *value = row_value(row, o);
		bool shown = row_shown(row, value);

		if ((row->object == PEER) != of_peer)
			continue;
		if (row->form == BYTES && !shown && row->label)
			shown = value_number(row_value(row + 1, o)) > 0;
		if (line && (row->label || row->form == COUNTERS)) {
			putc('\n', p->out);
			line = false;
		}
		if (row->form == HEAD)
			head_print(p, row, value);
		if (row->form == COUNTERS)
			drops_print(p, value);
		if (shown && row->label) {
			label_print(p, row->label);
			line = true;
		}
		if (line && (shown || row->form == BYTES))
			value_print(p, row, value);
	}
	if (line)
		putc('\n', p->out);
}

struct order {
	uint64_t handshake;
	size_t i;
};

/* Newest handshake first; peers without one keep the order of creation. */
static int order_compare(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->handshake != y->handshake)
		return x->handshake < y->handshake ? 1 : -1;
	return x->i < y->i ? -1 : 1;
}

static void peers_print(const struct printer *p, const json_t *list)
{
	size_t n = json_array_size(list);
	struct order *order = n ? calloc(n, sizeof(*order)) : NULL;

	if (!order)
		return;
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);

		order[i].handshake = value_number(json_object_get(o, "latest_handshake"));
		order[i].i = i;
	}
	qsort(order, n, sizeof(*order), order_compare);
	for (size_t i = 0; i < n; i++) {
		putc('\n', p->out);
		rows_print(p, json_array_get(list, order[i].i), true);
	}
	free(order);
}

void xt_status_print(FILE *out, const json_t *status, const struct xt_status_style *style)
{
	const struct printer printer = {out, style->colour, style->now_s};

	rows_print(&printer, status, false);
	peers_print(&printer, json_object_get(status, "peers"));
}
