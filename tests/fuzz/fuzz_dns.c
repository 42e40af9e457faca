/* SPDX-License-Identifier: MIT */
/* layers: host core crypto packet base */
/* parses: src/host/dns_query.c src/host/resolv.c */
/* Any answer of a name server, any hosts(5) and resolv.conf(5), and a DNS line: answers hold only
 * addresses of the type that was asked, and removing a block from resolv.conf restores the file.
 * Input: the first byte chooses. 0: bits of the question (bit 0: AAAA, bit 1: another case of
 * letters), its name up to a line end, the answer behind the number and question of ours, or whole
 * (bit 2). 1: a host name, then a hosts file. 2: DNS words, a line end, resolv.conf. */
#include "fuzz/input.h"
#include "host/dns_query.h"
#include "host/resolv.h"

static void answer_read(struct input *in)
{
	uint8_t flags = input_byte(in), question[XT_DNS_MESSAGE], *answer;
	char *host = input_text(in, '\n');
	uint16_t type = flags & 1 ? 28 : 1;
	size_t asked = xt_dns_question(question, 0x1234, host, type), len;
	struct xt_endpoint v[4];
	int n;

	free(host);
	check(asked <= sizeof(question));
	if (!asked)
		return;
	answer = input_bytes(in, in->len, &len);
	if (!(flags & 4) && len >= asked) {
		answer[0] = question[0];
		answer[1] = question[1];
		memcpy(answer + 12, question + 12, asked - 12);
		if (flags & 2 && answer[13] >= 'a')
			answer[13] ^= 0x20;
	}
	n = xt_dns_answer(answer, len, question, asked, v, XT_LEN(v));
	check(n >= -1 && n <= (int)XT_LEN(v));
	for (int i = 0; i < n; i++)
		check(v[i].ip.family == (type == 1 ? 4 : 6) && v[i].port == 0);
	free(answer);
}

static void hosts_read(struct input *in)
{
	char *host = input_text(in, '\n'), *text = input_text(in, '\0');
	struct xt_dns_servers servers;
	struct xt_endpoint v[4];

	for (unsigned families = 0; families < 4; families++) {
		size_t n = xt_dns_hosts_find(text, host, families, v, XT_LEN(v));

		check(n <= XT_LEN(v));
		for (size_t i = 0; i < n; i++)
			check(families & (v[i].ip.family == 4 ? 1u : 2u));
	}
	xt_dns_servers_parse(&servers, text);
	check(servers.n <= XT_DNS_SERVERS);
	free(host);
	free(text);
}

static void block_add(const struct xt_dns *dns, const char *text, size_t len)
{
	char *added = NULL, *removed = NULL;
	size_t added_len, removed_len;
	bool found, made;

	/* A file that holds a block of that name already loses it. */
	check(xt_resolv_remove(&removed, &removed_len, text, len, "wg0", &found, &made) == 0);
	if (found) {
		free(removed);
		return;
	}
	check(removed_len == len && (!len || memcmp(removed, text, len) == 0));
	free(removed);
	check(xt_resolv_add(&added, &added_len, text, len, false, "wg0", dns) == 0);
	check(xt_resolv_remove(&removed, &removed_len, added, added_len, "wg0", &found, &made) ==
	      0);
	check(!made && removed_len == len && (!len || memcmp(removed, text, len) == 0));
	free(added);
	free(removed);
}

static void resolv_edit(struct input *in)
{
	char *line = input_text(in, '\n'), *words[8], *rest = line;
	struct xt_dns dns = {0};
	size_t n = 0, len;
	uint8_t *text;

	while (rest && n < XT_LEN(words))
		words[n++] = strsep(&rest, ",");
	text = input_bytes(in, XT_RESOLV_MAX, &len);
	check(xt_dns_sort(&dns, words, n) == 0);
	check(dns.n_servers + dns.n_domains <= n);
	block_add(&dns, (const char *)text, len);
	xt_dns_clear(&dns);
	free(text);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};

	switch (input_byte(&in) % 3) {
	case 0:
		answer_read(&in);
		break;
	case 1:
		hosts_read(&in);
		break;
	case 2:
		resolv_edit(&in);
		break;
	}
	return 0;
}
