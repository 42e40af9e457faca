/* The text for `nft -f -`. */
#include "host/firewall.h"

#include <stdio.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/addr.h"

/* Names of interfaces may hold characters that nft(8) does not accept in a table's. */
static void put_table(FILE *out, const char *name)
{
	fputs("table inet xtunnel-", out);
	for (; *name; name++) {
		if (*name == '=' || *name == '+')
			fprintf(out, "/%02x", (unsigned)(unsigned char)*name);
		else
			fputc(*name, out);
	}
}

/* Adding it first makes the deletion pass where there is no table. */
static void put_delete(FILE *out, const char *name)
{
	fputs("add ", out);
	put_table(out, name);
	fputs("\ndelete ", out);
	put_table(out, name);
	fputs("\n", out);
}

static void put_own(FILE *out, const struct xt_firewall *firewall)
{
	char text[XT_IP_TEXT];

	for (size_t i = 0; i < firewall->n_own; i++) {
		const struct xt_ip *ip = &firewall->own[i];

		if (ip->family == 4 ? !firewall->v4 : !firewall->v6)
			continue;
		fprintf(out, "\t\tiifname != \"%s\" %s daddr %s fib saddr type != local drop\n",
			firewall->name, ip->family == 4 ? "ip" : "ip6", xt_ip_print(ip, text));
	}
}

static void put_families(FILE *out, const struct xt_firewall *firewall)
{
	if (firewall->v4 != firewall->v6)
		fprintf(out, "meta nfproto ipv%u ", firewall->v4 ? 4 : 6);
}

static int finish(FILE *out, char **text)
{
	bool whole = !ferror(out);

	if (fclose(out) == 0 && whole)
		return 0;
	free(*text);
	*text = NULL;
	return XT_E_NOMEM;
}

int xt_firewall_up(char **out, size_t *len, const struct xt_firewall *firewall)
{
	FILE *file = open_memstream(out, len);

	if (!file)
		return XT_E_NOMEM;
	put_delete(file, firewall->name);
	put_table(file, firewall->name);
	fputs(" {\n\tchain preraw {\n\t\ttype filter hook prerouting priority -300;\n", file);
	put_own(file, firewall);
	fputs("\t}\n\tchain premangle {\n\t\ttype filter hook prerouting priority -150;\n\t\t",
	      file);
	put_families(file, firewall);
	fprintf(file, "meta l4proto udp ct mark 0x%x meta mark set ct mark\n\t}\n", firewall->mark);
	fputs("\tchain postmangle {\n\t\ttype filter hook postrouting priority -150;\n\t\t", file);
	put_families(file, firewall);
	fprintf(file, "meta l4proto udp meta mark 0x%x ct mark set meta mark\n\t}\n}\n",
		firewall->mark);
	return finish(file, out);
}

int xt_firewall_down(char **out, size_t *len, const char *name)
{
	FILE *file = open_memstream(out, len);

	if (!file)
		return XT_E_NOMEM;
	put_delete(file, name);
	return finish(file, out);
}
