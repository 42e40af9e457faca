/* SPDX-License-Identifier: MIT */
/* The text for `nft -f -`. */
#include "host/firewall.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/secbuf.h"

/* Names of interfaces may hold characters that nft(8) does not accept in a table's. */
static void table_put(struct xt_secbuf *out, const char *name)
{
	xt_secbuf_puts(out, "table inet xtunnel-");
	for (; *name; name++) {
		if (*name == '=' || *name == '+')
			xt_secbuf_printf(out, "/%02x", (unsigned)(unsigned char)*name);
		else
			xt_secbuf_append(out, name, 1);
	}
}

/* what: "delete" or "flush". Adding the table first makes it pass where there is none. */
static void clear_put(struct xt_secbuf *out, const char *what, const char *name)
{
	xt_secbuf_puts(out, "add ");
	table_put(out, name);
	xt_secbuf_printf(out, "\n%s ", what);
	table_put(out, name);
	xt_secbuf_puts(out, "\n");
}

static void local_put(struct xt_secbuf *out, const struct xt_firewall *firewall)
{
	char text[XT_IP_TEXT];

	for (size_t i = 0; i < firewall->n_local; i++) {
		const struct xt_ip *ip = &firewall->local[i];

		if (ip->family == 4 ? !firewall->v4 : !firewall->v6)
			continue;
		xt_secbuf_printf(
		    out, "\t\tiifname != \"%s\" %s daddr %s fib saddr type != local drop\n",
		    firewall->name, ip->family == 4 ? "ip" : "ip6", xt_ip_print(ip, text));
	}
}

static void families_put(struct xt_secbuf *out, const struct xt_firewall *firewall)
{
	if (firewall->v4 != firewall->v6)
		xt_secbuf_printf(out, "meta nfproto ipv%u ", firewall->v4 ? 4 : 6);
}

int xt_firewall_up(char **out, size_t *len, const struct xt_firewall *firewall)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX), *rules = &text;

	clear_put(rules, firewall->keep ? "flush" : "delete", firewall->name);
	table_put(rules, firewall->name);
	xt_secbuf_puts(rules,
		       " {\n\tchain preraw {\n\t\ttype filter hook prerouting priority -300;\n");
	local_put(rules, firewall);
	xt_secbuf_puts(
	    rules,
	    "\t}\n\tchain premangle {\n\t\ttype filter hook prerouting priority -150;\n\t\t");
	families_put(rules, firewall);
	xt_secbuf_printf(rules, "meta l4proto udp ct mark 0x%x meta mark set ct mark\n\t}\n",
			 firewall->mark);
	xt_secbuf_puts(
	    rules, "\tchain postmangle {\n\t\ttype filter hook postrouting priority -150;\n\t\t");
	families_put(rules, firewall);
	xt_secbuf_printf(rules, "meta l4proto udp meta mark 0x%x ct mark set meta mark\n\t}\n}\n",
			 firewall->mark);
	return xt_secbuf_detach(rules, out, len);
}

int xt_firewall_down(char **out, size_t *len, const char *name)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX), *rules = &text;

	clear_put(rules, "delete", name);
	return xt_secbuf_detach(rules, out, len);
}

/* What may stand in a line: %t the table, %i the interface, %a an address, %x hexadecimal digits,
 * %f the families. */
static const char *const line_forms[] = {
    "add %t",
    "delete %t",
    "flush %t",
    "%t {",
    "\tchain preraw {",
    "\tchain premangle {",
    "\tchain postmangle {",
    "\t\ttype filter hook prerouting priority -300;",
    "\t\ttype filter hook prerouting priority -150;",
    "\t\ttype filter hook postrouting priority -150;",
    "\t\tiifname != \"%i\" ip daddr %a fib saddr type != local drop",
    "\t\tiifname != \"%i\" ip6 daddr %a fib saddr type != local drop",
    "\t\t%fmeta l4proto udp ct mark 0x%x meta mark set ct mark",
    "\t\t%fmeta l4proto udp meta mark 0x%x ct mark set meta mark",
    "\t}",
    "}",
};

/* Bytes of line that the place of a form takes; 0: none (of %f: there need be none). */
static size_t place_length(char place, const char *line, const char *table, const char *name)
{
	static const char *const families[] = {"meta nfproto ipv4 ", "meta nfproto ipv6 "};
	const char *word = place == 't' ? table : name;

	if (place == 'a')
		return strspn(line, "0123456789abcdef:.");
	if (place == 'x')
		return strspn(line, "0123456789abcdef");
	if (place == 'f')
		return strncmp(line, families[0], strlen(families[0])) == 0 ||
			       strncmp(line, families[1], strlen(families[1])) == 0
			   ? strlen(families[0])
			   : 0;
	return strncmp(line, word, strlen(word)) == 0 ? strlen(word) : 0;
}

static bool line_is(const char *line, const char *form, const char *table, const char *name)
{
	while (*form) {
		size_t n = 1;

		if (*form == '%') {
			n = place_length(*++form, line, table, name);
			if (n == 0 && *form != 'f')
				return false;
		} else if (*form != *line) {
			return false;
		}
		form++;
		line += n;
	}
	return *line == '\0';
}

bool xt_firewall_text_ok(const char *text, size_t len, const char *name)
{
	struct xt_secbuf table = XT_SECBUF_INIT(XT_FIREWALL_TABLE);
	bool ok = len > 0;

	table_put(&table, name);
	ok = ok && table.error == 0;
	while (ok && len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : 0;
		char line[160];

		ok = end && n < sizeof(line) && !memchr(text, '\0', n);
		if (!ok)
			break;
		memcpy(line, text, n);
		line[n] = '\0';
		ok = false;
		for (size_t i = 0; !ok && i < XT_LEN(line_forms); i++)
			ok = line_is(line, line_forms[i], table.p, name);
		text += n + 1;
		len -= n + 1;
	}
	xt_secbuf_clear(&table);
	return ok;
}
