/* The state of an endpoint for people: the form of `wg show`, and what xtunnel knows beyond it.
 * What is printed came over a socket: control characters do not reach the terminal. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"
#include "ipc/status.h"

struct pen {
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

static const char *ink(const struct pen *p, const char *code)
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

static void safe(const struct pen *p, const char *text)
{
	for (; *text; text++)
		putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, p->out);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

static uint64_t number_of(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void label(const struct pen *p, const char *name)
{
	fprintf(p->out, "  %s%s%s: ", ink(p, BOLD), name, ink(p, RESET));
}

static void line(const struct pen *p, const char *name, const char *text)
{
	if (!text)
		return;
	label(p, name);
	safe(p, text);
	putc('\n', p->out);
}

static void head(const struct pen *p, const char *kind, const char *colour, const char *text)
{
	fprintf(p->out, "%s%s%s%s: %s", ink(p, colour), ink(p, BOLD), kind, ink(p, RESET),
		ink(p, colour));
	safe(p, text ? text : "?");
	fprintf(p->out, "%s\n", ink(p, RESET));
}

static void duration(const struct pen *p, uint64_t s)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = {{365 * 24 * 60 * 60, "year"},
		     {24 * 60 * 60, "day"},
		     {60 * 60, "hour"},
		     {60, "minute"},
		     {1, "second"}};
	const char *comma = "";

	for (size_t i = 0; i < XT_LEN(units); i++) {
		uint64_t n = s / units[i].unit;

		s %= units[i].unit;
		if (!n)
			continue;
		fprintf(p->out, "%s%" PRIu64 " %s%s%s%s", comma, n, ink(p, CYAN), units[i].name,
			n == 1 ? "" : "s", ink(p, RESET));
		comma = ", ";
	}
}

static void bytes(const struct pen *p, uint64_t n)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = (double)n / 1024;
	size_t i = 0;

	if (n < 1024) {
		fprintf(p->out, "%u %sB%s", (unsigned)n, ink(p, CYAN), ink(p, RESET));
		return;
	}
	for (; i + 1 < XT_LEN(units) && n >> (10 * (i + 2)); i++)
		value /= 1024;
	fprintf(p->out, "%.2f %s%s%s", value, ink(p, CYAN), units[i], ink(p, RESET));
}

static void ago(const struct pen *p, uint64_t then)
{
	if (then > p->now_s) {
		fprintf(p->out, "(%sSystem clock wound backward; connection problems may ensue.%s)",
			ink(p, RED), ink(p, RESET));
	} else if (then == p->now_s) {
		fputs("Now", p->out);
	} else {
		duration(p, p->now_s - then);
		fputs(" ago", p->out);
	}
}

static void allowed(const struct pen *p, const json_t *list)
{
	label(p, "allowed ips");
	if (!json_array_size(list))
		fputs("(none)", p->out);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *slash = text ? strchr(text, '/') : NULL;

		fputs(i ? ", " : "", p->out);
		if (!slash) {
			safe(p, text ? text : "?");
			continue;
		}
		for (const char *c = text; c < slash; c++)
			putc((unsigned char)*c < ' ' ? '?' : *c, p->out);
		fprintf(p->out, "%s/%s", ink(p, CYAN), ink(p, RESET));
		safe(p, slash + 1);
	}
	putc('\n', p->out);
}

static void peer(const struct pen *p, const json_t *o)
{
	uint64_t rx = number_of(o, "rx_bytes"), tx = number_of(o, "tx_bytes");
	uint64_t then = number_of(o, "latest_handshake");
	uint64_t every = number_of(o, "persistent_keepalive");

	putc('\n', p->out);
	head(p, "peer", YELLOW, text_of(o, "public_key"));
	line(p, "name", text_of(o, "name"));
	line(p, "preshared key", is_true(o, "preshared_key") ? "(hidden)" : NULL);
	line(p, "endpoint", text_of(o, "endpoint"));
	allowed(p, json_object_get(o, "allowed_ips"));
	if (then) {
		label(p, "latest handshake");
		ago(p, then);
		putc('\n', p->out);
	}
	if (rx || tx) {
		label(p, "transfer");
		bytes(p, rx);
		fputs(" received, ", p->out);
		bytes(p, tx);
		fputs(" sent\n", p->out);
	}
	if (every) {
		label(p, "persistent keepalive");
		fputs("every ", p->out);
		duration(p, every);
		putc('\n', p->out);
	}
	if (is_true(o, "handshaking"))
		line(p, "handshake", "under way");
}

/* Newest handshake first; stable, so that those never seen keep the order of creation. */
static void peers(const struct pen *p, const json_t *list)
{
	size_t n = json_array_size(list);
	const json_t **order = n ? calloc(n, sizeof(const json_t *)) : NULL;

	if (!order)
		return;
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		size_t j = i;

		for (; j && number_of(order[j - 1], "latest_handshake") <
				number_of(o, "latest_handshake");
		     j--)
			order[j] = order[j - 1];
		order[j] = o;
	}
	for (size_t i = 0; i < n; i++)
		peer(p, order[i]);
	free((void *)order);
}

static void echo(const struct pen *p, const json_t *o)
{
	const char *mode = text_of(o, "mode");
	uint64_t host = number_of(o, "answered_host"), far = number_of(o, "answered_peer");

	if (!mode || strcmp(mode, "off") == 0)
		return;
	label(p, "echo");
	safe(p, mode);
	if (host)
		fprintf(p->out, ", %" PRIu64 " answered to this host", host);
	if (far)
		fprintf(p->out, ", %" PRIu64 " answered to peers", far);
	putc('\n', p->out);
}

static void cipher(const struct pen *p, const json_t *o)
{
	const char *name = text_of(o, "aead"), *reason = text_of(o, "aead_reason");

	if (!name)
		return;
	label(p, "aead");
	safe(p, name);
	if (reason && *reason) {
		fputs(" (", p->out);
		safe(p, reason);
		putc(')', p->out);
	}
	putc('\n', p->out);
}

static void speed(const struct pen *p, const json_t *o)
{
	uint64_t threads = number_of(o, "threads"), back = number_of(o, "offload_fallbacks");
	const char *words = text_of(o, "offload");

	if (threads > 1) {
		label(p, "threads");
		fprintf(p->out, "%" PRIu64 "\n", threads);
	}
	if (!words)
		return;
	label(p, "offload");
	safe(p, words);
	if (back)
		fprintf(p->out, ", refused %" PRIu64 " times", back);
	putc('\n', p->out);
}

static void drops(const struct pen *p, const json_t *counters, const json_t *udp)
{
	uint64_t overruns = number_of(udp, "overruns");

	for (unsigned i = 0; i < XT_VERDICTS; i++) {
		const char *name = xt_verdict_label((enum xt_verdict)i);
		uint64_t n = number_of(counters, name);

		if (!n || strncmp(name, "drop_", 5) != 0)
			continue;
		label(p, "dropped");
		fprintf(p->out, "%" PRIu64 ": %s\n", n, xt_verdict_sentence((enum xt_verdict)i));
	}
	if (overruns) {
		label(p, "dropped");
		fprintf(p->out, "%" PRIu64 ": the socket's queue was full\n", overruns);
	}
}

void xt_status_print(FILE *out, const json_t *status, const struct xt_status_style *style)
{
	const struct pen pen = {out, style->colour, style->now_s}, *p = &pen;
	uint64_t port = number_of(status, "listen_port"), mark = number_of(status, "fwmark");
	uint64_t mtu = number_of(status, "mtu"), up = number_of(status, "uptime_s");

	head(p, "interface", GREEN, text_of(status, "name"));
	line(p, "public key", text_of(status, "public_key"));
	line(p, "private key", text_of(status, "public_key") ? "(hidden)" : NULL);
	if (port) {
		label(p, "listening port");
		fprintf(out, "%" PRIu64 "\n", port);
	}
	if (mark) {
		label(p, "fwmark");
		fprintf(out, "0x%" PRIx64 "\n", mark);
	}
	if (mtu) {
		label(p, "mtu");
		fprintf(out, "%" PRIu64 "\n", mtu);
	}
	if (up) {
		label(p, "running for");
		duration(p, up);
		putc('\n', out);
	}
	cipher(p, status);
	speed(p, status);
	echo(p, json_object_get(status, "echo"));
	if (is_true(status, "under_load"))
		line(p, "load", "handshakes want a cookie first");
	drops(p, json_object_get(status, "counters"), json_object_get(status, "udp"));
	peers(p, json_object_get(status, "peers"));
}
