/* SPDX-License-Identifier: MIT */
/* Values of a configuration file: keys, numbers, words, endpoints. Addresses: conf_address.c. */
#include "config/conf_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <xtunnel/aead.h>
#include <xtunnel/batch.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "core/limits.h"
#include "platform/link.h"

static const char no_memory[] = "out of memory";

char *xt_value_string(const struct xt_span *v)
{
	return strndup(v->p, v->len);
}

const char *xt_value_key(uint8_t out[32], const struct xt_span *v, unsigned *column)
{
	char text[XT_KEY_BASE64];
	bool fits = xt_span_squeeze(v, text, sizeof(text));
	size_t len = fits ? strlen(text) : 0;
	bool good = fits && len == 44 && xt_key_from_base64(out, text, len);

	xt_wipe(text, sizeof(text));
	if (good)
		return NULL;
	if (!v->len)
		return "a key of 44 base64 characters is missing";
	if (fits && len < 44) {
		*column = v->column + (unsigned)v->len;
		return "the key is too short: expected 44 base64 characters";
	}
	return fits ? "not a key: expected 44 base64 characters, the last of them '='"
		    : "the key is too long: expected 44 base64 characters";
}

static bool span_number(uint64_t *out, const struct xt_span *v, uint64_t min, uint64_t max,
			bool hex)
{
	char text[32];
	uint64_t n;

	if (!xt_span_squeeze(v, text, sizeof(text)) || !xt_number(&n, text, max, hex) || n < min)
		return false;
	*out = n;
	return true;
}

static bool span_is(const struct xt_span *v, const char *word)
{
	return v->len == strlen(word) && strncasecmp(v->p, word, v->len) == 0;
}

const char *xt_value_port(uint16_t *out, const struct xt_span *v)
{
	uint64_t n;

	if (!span_number(&n, v, 0, UINT16_MAX, false))
		return "expected a port number from 0 to 65535 (0: any free one)";
	*out = (uint16_t)n;
	return NULL;
}

const char *xt_value_fwmark(uint32_t *out, const struct xt_span *v)
{
	uint64_t n = 0;

	if (!span_is(v, "off") && !span_number(&n, v, 0, UINT32_MAX, true))
		return "expected a mark: a number, 0x and a hexadecimal number, or off";
	*out = (uint32_t)n;
	return NULL;
}

/* The message below contains the number. */
_Static_assert(XT_LINK_MTU_MAX == 65472, "see xt_value_mtu");
_Static_assert(XT_HEADROOM + XT_LINK_MTU_MAX + XT_TAG_LEN <= XT_DATAGRAM_MAX, "see link.h");

const char *xt_value_mtu(uint32_t *out, const struct xt_span *v)
{
	uint64_t n = 0;

	if (v->len && !span_is(v, "auto") && !span_number(&n, v, 68, XT_LINK_MTU_MAX, false))
		return "expected an MTU from 68 to 65472 (a larger packet fits no datagram), or auto";
	*out = (uint32_t)n;
	return NULL;
}

/* A name of iproute2's rt_tables: anything but white space there. A number that is out of range is
 * not one. */
static bool table_name_valid(const struct xt_span *v)
{
	if (!v->len || v->len > 63 || v->p[0] == '-' ||
	    (v->len > 1 && v->p[0] == '0' && (v->p[1] | 32) == 'x'))
		return false;
	bool digits = true;
	for (size_t i = 0; i < v->len; i++) {
		char c = v->p[i];
		bool letter = ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '-' ||
			      c == '.' || c == '+';

		if (!letter && !(c >= '0' && c <= '9'))
			return false;
		digits &= !letter;
	}
	return !digits;
}

/* main, default and local are the same on every host; 0 is the main table for ip(8) too. */
const char *xt_value_table(enum xt_table *out, uint32_t *id, char name[64], const struct xt_span *v)
{
	static const struct {
		const char *name;
		uint32_t number;
	} names[] = {{"main", XT_TABLE_MAIN}, {"default", 253}, {"local", 255}};
	uint64_t n = 0;

	*id = 0;
	name[0] = '\0';
	if (!v->len || span_is(v, "auto")) {
		*out = XT_TABLE_AUTO;
		return NULL;
	}
	if (span_is(v, "off")) {
		*out = XT_TABLE_OFF;
		return NULL;
	}
	for (size_t i = 0; i < XT_LEN(names); i++)
		if (span_is(v, names[i].name))
			n = names[i].number;
	if (!n && !span_number(&n, v, 0, UINT32_MAX, true)) {
		if (!table_name_valid(v))
			return "expected a routing table: auto, off, a number, or a name of "
			       "/etc/iproute2/rt_tables";
		memcpy(name, v->p, v->len);
		name[v->len] = '\0';
	} else if (n == 0) {
		n = XT_TABLE_MAIN;
	}
	*out = XT_TABLE_NUMBER;
	*id = (uint32_t)n;
	return NULL;
}

const char *xt_value_yes(bool *out, const struct xt_span *v)
{
	*out = span_is(v, "yes");
	return *out || span_is(v, "no") ? NULL : "expected yes or no";
}

const char *xt_value_bool(bool *out, const struct xt_span *v)
{
	*out = span_is(v, "true");
	return *out || span_is(v, "false") ? NULL : "expected true or false";
}

const char *xt_value_keepalive(uint16_t *out, const struct xt_span *v)
{
	uint64_t n = 0;

	if (!span_is(v, "off") && !span_number(&n, v, 0, UINT16_MAX, false))
		return "expected seconds from 0 to 65535, or off";
	*out = (uint16_t)n;
	return NULL;
}

const char *xt_value_hold(uint32_t *seconds, const struct xt_span *v)
{
	uint64_t n = 0;

	if (!span_number(&n, v, 1, 86400, false))
		return "expected seconds from 1 to 86400";
	*seconds = (uint32_t)n;
	return NULL;
}

const char *xt_value_echo(enum xt_echo_mode *out, const struct xt_span *v)
{
	static const char *const words[] = {"off", "host", "peer", "both"};

	for (size_t i = 0; i < XT_LEN(words); i++)
		if (span_is(v, words[i])) {
			*out = (enum xt_echo_mode)i;
			return NULL;
		}
	return "expected off, host, peer or both";
}

const char *xt_value_threads(uint32_t *out, const struct xt_span *v)
{
	uint64_t n = 0;

	if (!span_is(v, "auto") && !span_number(&n, v, 1, 64, false))
		return "expected auto or a number from 1 to 64";
	*out = (uint32_t)n;
	return NULL;
}

const char *xt_value_offload(bool *off, const struct xt_span *v)
{
	*off = span_is(v, "off");
	return *off || span_is(v, "auto") ? NULL : "expected auto or off";
}

const char *xt_value_log_level(enum xt_log_level *out, const struct xt_span *v)
{
	for (unsigned i = 0; i < XT_LOG_LEVELS; i++)
		if (span_is(v, xt_log_level_text((enum xt_log_level)i))) {
			*out = (enum xt_log_level)i;
			return NULL;
		}
	return "expected silent, error, warning, notice, verbose or debug";
}

const char *xt_value_aead(const char **out, const struct xt_span *v)
{
	const char *name;

	*out = NULL;
	if (span_is(v, "auto"))
		return NULL;
	for (size_t i = 0; (name = xt_aead_backend(i)) != NULL; i++)
		if (span_is(v, name)) {
			*out = name;
			return NULL;
		}
	return "expected auto, sodium, ipsec-mb, boringssl or openssl";
}

const char *xt_value_rate(uint32_t *out, const struct xt_span *v)
{
	struct xt_span digits = *v;
	uint64_t n = 0;

	if (v->len > 2 && strncasecmp(v->p + v->len - 2, "/s", 2) == 0)
		digits.len -= 2;
	if (!span_is(v, "off") && !span_number(&n, &digits, 0, UINT32_MAX, false))
		return "expected a rate such as 10/s, or off";
	*out = (uint32_t)n;
	return NULL;
}

static const char *endpoint_split(char *text, char **port, bool *loose)
{
	static const char wanted[] = "expected HOST:PORT or [IPV6]:PORT";

	if (text[0] == '[') {
		char *end = strchr(text, ']');

		if (!end || end[1] != ':')
			return wanted;
		*end = '\0';
		*port = end + 2;
		memmove(text, text + 1, strlen(text));
	} else {
		char *colon = strrchr(text, ':');

		if (!colon)
			return "the port is missing: expected HOST:PORT";
		*colon = '\0';
		*port = colon + 1;
		*loose = strchr(text, ':') != NULL;
	}
	return text[0] ? NULL : "the host is missing: expected HOST:PORT";
}

/* Printable, and nothing that a shell interprets. What is neither an address nor a domain gets a
 * warning, as wg-quick(8) would go on too. */
static bool host_valid(const char *host)
{
	for (const char *c = host; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || strchr("-._:/%@", *c) ||
		      (unsigned char)*c >= 0x80))
			return false;
	return true;
}

/* A name of services(5). */
static bool service_valid(const char *text)
{
	bool letter = false;

	if (strlen(text) > 32 || *text == '-')
		return false;
	for (; *text; text++) {
		bool alpha = (*text | 32) >= 'a' && (*text | 32) <= 'z';

		if (!alpha && !(*text >= '0' && *text <= '9') && !strchr("-_.+", *text))
			return false;
		letter |= alpha;
	}
	return letter;
}

const char *xt_value_endpoint(struct xt_value_endpoint *out, const struct xt_span *v,
			      unsigned *column)
{
	char text[320], *port_text = NULL;
	const char *error;
	uint64_t n = 0;

	memset(out, 0, sizeof(*out));
	if (!v->len)
		return "an endpoint is missing: expected HOST:PORT or [IPV6]:PORT";
	if (!xt_span_squeeze(v, text, sizeof(text)))
		return "the host name is too long";
	error = endpoint_split(text, &port_text, &out->loose);
	if (error)
		return error;
	if (strlen(text) > 253 || !host_valid(text))
		return "not a host name or address: expected HOST:PORT or [IPV6]:PORT";
	if (!xt_number(&n, port_text, UINT16_MAX, false) || n == 0) {
		*column = v->column + (unsigned)(v->len - strlen(port_text));
		if (*column < v->column)
			*column = v->column;
		if (!service_valid(port_text))
			return "expected a port number from 1 to 65535 after the colon";
		memcpy(out->service, port_text, strlen(port_text) + 1);
		n = 0;
	}
	out->host = strdup(text);
	out->port = (uint16_t)n;
	return out->host ? NULL : no_memory;
}

static bool account_valid(const char *name)
{
	if (!*name || strlen(name) > 64 || *name == '-')
		return false;
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || strchr(":/\\\"'#\x7f", *name))
			return false;
	return true;
}

const char *xt_sandbox_mode_text(enum xt_sandbox_mode mode)
{
	static const char *const words[] = {[XT_SANDBOX_MODE_ON] = "on",
					    [XT_SANDBOX_MODE_OFF] = "off",
					    [XT_SANDBOX_MODE_STRICT] = "strict"};

	return words[mode];
}

bool xt_sandbox_mode_parse(enum xt_sandbox_mode *out, const char *word)
{
	for (unsigned i = XT_SANDBOX_MODE_ON; i <= XT_SANDBOX_MODE_STRICT; i++)
		if (strcasecmp(word, xt_sandbox_mode_text((enum xt_sandbox_mode)i)) == 0) {
			*out = (enum xt_sandbox_mode)i;
			return true;
		}
	return false;
}

const char *xt_value_sandbox(enum xt_sandbox_mode *out, const struct xt_span *v)
{
	char text[16];

	return xt_span_squeeze(v, text, sizeof(text)) && xt_sandbox_mode_parse(out, text)
		   ? NULL
		   : "expected on, off or strict";
}

const char *xt_value_user(char **user, const struct xt_span *v)
{
	char text[80];

	*user = NULL;
	if (!xt_span_squeeze(v, text, sizeof(text)) || !account_valid(text))
		return "expected a user";
	*user = strdup(text);
	return *user ? NULL : no_memory;
}

const char *xt_value_owner(char **user, char **group, const struct xt_span *v)
{
	char text[160], *colon;

	*user = *group = NULL;
	if (!xt_span_squeeze(v, text, sizeof(text)))
		return "expected USER or USER:GROUP";
	colon = strchr(text, ':');
	if (colon)
		*colon++ = '\0';
	if (!account_valid(text) || (colon && !account_valid(colon)))
		return "expected USER or USER:GROUP";
	*user = strdup(text);
	*group = colon ? strdup(colon) : NULL;
	if (*user && (!colon || *group))
		return NULL;
	free(*user);
	*user = NULL;
	return no_memory;
}
