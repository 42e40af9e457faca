/* SPDX-License-Identifier: MIT */
/* Converts a reply to UAPI's get, line by line. */
#include "cli/show_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/query.h"
#include "cli/term.h"
#include "crypto/dh.h"

enum field {
	DUMP,
	PUBLIC_KEY,
	PRIVATE_KEY,
	LISTEN_PORT,
	FWMARK,
	PEERS,
	PRESHARED_KEYS,
	ENDPOINTS,
	ALLOWED_IPS,
	LATEST_HANDSHAKES,
	TRANSFER,
	PERSISTENT_KEEPALIVE,
	FIELDS
};
static const char *const names[FIELDS] = {
    "dump",	"public-key",	       "private-key", "listen-port", "fwmark",
    "peers",	"preshared-keys",      "endpoints",   "allowed-ips", "latest-handshakes",
    "transfer", "persistent-keepalive"};

/* Values point into the reply; keys are base64. */
struct device {
	char private_key[XT_KEY_BASE64], public_key[XT_KEY_BASE64];
	const char *port, *mark;
};
struct peer {
	char key[XT_KEY_BASE64], psk[XT_KEY_BASE64];
	const char *endpoint, *seconds, *rx, *tx, *keepalive;
	const char *allowed; /* the first such line of the reply; the others follow it */
};

struct view {
	const char *name; /* NULL: lines go without */
	enum field field;
	struct device device;
	struct peer peer;
	bool in_peer;
};

static const char *text_or_none(const char *text)
{
	return text && *text ? text : "(none)";
}

static bool text_is_zero(const char *text)
{
	return !text || strspn(text, "0") == strlen(text);
}

static const char *text_or_off(const char *text)
{
	return text_is_zero(text) ? "off" : text;
}

/* "" when hex is not a key. */
static void key_text(char out[XT_KEY_BASE64], const char *hex)
{
	uint8_t key[32];

	out[0] = '\0';
	if (xt_key_from_hex(key, hex, strlen(hex)))
		xt_key_to_base64(out, key);
	xt_wipe(key, sizeof(key));
}

static void line_print_name(const struct view *v)
{
	if (v->name)
		printf("%s\t", v->name);
}

static void mark_print(const char *mark)
{
	uint64_t n;

	if (!text_is_zero(mark) && xt_number(&n, mark, UINT32_MAX, false))
		printf("0x%" PRIx64, n);
	else
		fputs("off", stdout);
}

static void device_print(const struct view *v)
{
	const struct device *d = &v->device;
	const char *port = d->port ? d->port : "0";

	if (v->field > FWMARK)
		return;
	line_print_name(v);
	switch (v->field) {
	case DUMP:
		printf("%s\t%s\t%s\t", text_or_none(d->private_key), text_or_none(d->public_key),
		       port);
		mark_print(d->mark);
		break;
	case PUBLIC_KEY:
		fputs(text_or_none(d->public_key), stdout);
		break;
	case PRIVATE_KEY:
		fputs(text_or_none(d->private_key), stdout);
		break;
	case LISTEN_PORT:
		fputs(port, stdout);
		break;
	default:
		mark_print(d->mark);
		break;
	}
	putchar('\n');
}

/* allowed: the lines "allowed_ip=..." of the reply, each ended by a NUL. */
static void allowed_print(const char *allowed, char between)
{
	static const char head[] = "allowed_ip=";
	bool first = true;

	if (!allowed)
		fputs("(none)", stdout);
	for (; allowed && strncmp(allowed, head, strlen(head)) == 0;
	     allowed += strlen(allowed) + 1) {
		if (!first)
			putchar(between);
		first = false;
		fputs(allowed + strlen(head), stdout);
	}
}

static void peer_print_field(const struct view *v, const struct peer *p)
{
	putchar('\t');
	switch (v->field) {
	case DUMP:
		printf("%s\t%s\t", text_or_none(p->psk), text_or_none(p->endpoint));
		allowed_print(p->allowed, ',');
		printf("\t%s\t%s\t%s\t%s", p->seconds, p->rx, p->tx, text_or_off(p->keepalive));
		break;
	case PRESHARED_KEYS:
		fputs(text_or_none(p->psk), stdout);
		break;
	case ENDPOINTS:
		fputs(text_or_none(p->endpoint), stdout);
		break;
	case ALLOWED_IPS:
		allowed_print(p->allowed, ' ');
		break;
	case LATEST_HANDSHAKES:
		fputs(p->seconds, stdout);
		break;
	case TRANSFER:
		printf("%s\t%s", p->rx, p->tx);
		break;
	default:
		fputs(text_or_off(p->keepalive), stdout);
		break;
	}
}

/* Print the device or the peer whose lines are complete. */
static void section_print(struct view *v)
{
	if (!v->in_peer) {
		device_print(v);
	} else if (v->field == DUMP || v->field >= PEERS) {
		line_print_name(v);
		fputs(v->peer.key, stdout);
		if (v->field != PEERS)
			peer_print_field(v, &v->peer);
		putchar('\n');
	}
}

static void device_set_line(struct device *d, const char *key, const char *value)
{
	if (strcmp(key, "private_key") == 0) {
		struct xt_private scalar;
		struct xt_public public;

		if (!text_is_zero(value))
			key_text(d->private_key, value);
		if (*d->private_key && xt_key_from_hex(scalar.b, value, strlen(value))) {
			xt_dh_public(&public, &scalar);
			xt_key_to_base64(d->public_key, public.b);
		}
		xt_wipe(&scalar, sizeof(scalar));
	} else if (strcmp(key, "listen_port") == 0) {
		d->port = value;
	} else if (strcmp(key, "fwmark") == 0) {
		d->mark = value;
	}
}

static void peer_set_line(struct peer *p, const char *line, const char *key, const char *value)
{
	if (strcmp(key, "preshared_key") == 0 && !text_is_zero(value))
		key_text(p->psk, value);
	else if (strcmp(key, "endpoint") == 0)
		p->endpoint = value;
	else if (strcmp(key, "last_handshake_time_sec") == 0)
		p->seconds = value;
	else if (strcmp(key, "rx_bytes") == 0)
		p->rx = value;
	else if (strcmp(key, "tx_bytes") == 0)
		p->tx = value;
	else if (strcmp(key, "persistent_keepalive_interval") == 0)
		p->keepalive = value;
	else if (strcmp(key, "allowed_ip") == 0 && !p->allowed)
		p->allowed = line;
}

static void view_take_line(struct view *v, const char *line)
{
	const char *equals = strchr(line, '=');
	char key[40];

	if (!equals || (size_t)(equals - line) >= sizeof(key))
		return;
	memcpy(key, line, (size_t)(equals - line));
	key[equals - line] = '\0';
	if (strcmp(key, "public_key") == 0) {
		section_print(v);
		v->in_peer = true;
		v->peer = (struct peer){.seconds = "0", .rx = "0", .tx = "0"};
		key_text(v->peer.key, equals + 1);
	} else if (v->in_peer) {
		peer_set_line(&v->peer, line, key, equals + 1);
	} else {
		device_set_line(&v->device, key, equals + 1);
	}
}

/* Line ends of the reply become NULs, so that each line is a string in place. */
static void reply_print(struct view *v, char *text, size_t len)
{
	bool printable;

	for (size_t i = 0, n; i < len; i += n) {
		n = xt_text_character(text + i, &printable);
		if (!printable && text[i] != '\n')
			memset(text + i, '?', n);
	}
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(text[i] == '\n' ? '\0' : text[i]);
	for (char *line = text; line < text + len && *line; line += strlen(line) + 1)
		view_take_line(v, line);
	section_print(v);
	xt_wipe(v, sizeof(*v));
}

bool xt_show_field_known(const char *field, const char **near)
{
	*near = NULL;
	for (int i = 0; i < FIELDS; i++) {
		if (strcmp(names[i], field) == 0)
			return true;
	}
	*near = xt_nearest(field, names, FIELDS);
	return false;
}

const char *xt_show_field_name(size_t i)
{
	return i < FIELDS ? names[i] : NULL;
}

int xt_show_field(const char *name, const char *field, bool named)
{
	struct view view = {.name = named ? name : NULL};
	struct xt_secbuf reply;
	int status = xt_query_uapi(name, &reply);

	if (status != XT_EXIT_OK)
		return status;
	while (strcmp(names[view.field], field) != 0)
		view.field++;
	reply_print(&view, reply.p, reply.len);
	xt_secbuf_clear(&reply);
	return XT_EXIT_OK;
}

int xt_show_interfaces(bool json)
{
	char **list;
	size_t n, shown = 0;
	int rc = xt_query_uapi_names(&list, &n);

	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "cannot list the running interfaces: %s",
			       xt_strerror(rc));
	/* Names of interfaces hold nothing that JSON would escape. */
	if (json)
		putchar('[');
	for (size_t i = 0; i < n; i++)
		printf(json ? "%s\"%s\"" : "%s%s", shown++ ? (json ? ", " : " ") : "", list[i]);
	if (json)
		putchar(']');
	if (shown || json)
		putchar('\n');
	xt_rundir_list_free(list, n);
	return XT_EXIT_OK;
}

int xt_show_field_all(const char *field)
{
	char **list;
	size_t n;
	int rc = xt_query_uapi_names(&list, &n), worst = XT_EXIT_OK;

	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "cannot list the running interfaces: %s",
			       xt_strerror(rc));
	for (size_t i = 0; i < n; i++) {
		rc = xt_show_field(list[i], field, true);
		worst = XT_MAX(worst, rc);
	}
	xt_rundir_list_free(list, n);
	return worst;
}
