/* SPDX-License-Identifier: MIT */
/* Which programs the runner runs, and with which words. */
#include "host/runner.h"

#include <string.h>

#include "base/bytes.h"
#include "config/conf.h"
#include "host/firewall.h"
#include "host/scutil_text.h"

#define WORD_MAX 255

static bool word_is(const char *word, const char *wanted)
{
	return strcmp(word, wanted) == 0;
}

static bool words_are(const char *const *words, size_t n, enum xt_conf_word kind)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) > WORD_MAX || xt_conf_word(words[i]) != kind)
			return false;
	return true;
}

/* "resolvectl VERB INTERFACE …", as host/dns_uv.c writes them. */
static bool resolvectl_ok(const char *interface, const char *const *words, size_t n)
{
	if (n < 3 || !word_is(words[2], interface))
		return false;
	if (word_is(words[1], "dns"))
		return (n == 4 && !*words[3]) ||
		       (n > 3 && words_are(words + 3, n - 3, XT_WORD_ADDRESS));
	if (word_is(words[1], "domain"))
		return words_are(words + 3, n - 3, XT_WORD_DOMAIN);
	if (word_is(words[1], "default-route"))
		return n == 4 && (word_is(words[3], "true") || word_is(words[3], "false"));
	return word_is(words[1], "revert") && n == 3;
}

/* The interface, or "PREFIX.INTERFACE" with a prefix of /etc/resolvconf/interface-order. */
static bool label_ok(const char *label, const char *interface)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(label), tail = strlen(interface), prefix;

	if (len < tail || strcmp(label + len - tail, interface) != 0)
		return false;
	prefix = len - tail;
	return prefix == 0 || (prefix > 1 && prefix < 32 && label[0] != '-' &&
			       strspn(label, letters) >= prefix - 1 && label[prefix - 1] == '.');
}

/* A line of len bytes, without its end: "nameserver ADDRESS" or "search DOMAIN…". */
static bool resolv_line_ok(const char *line, size_t len)
{
	static const char server[] = "nameserver ", search[] = "search ";
	bool is_server = len > sizeof(server) - 1 && memcmp(line, server, sizeof(server) - 1) == 0;
	const char *at = line + (is_server ? sizeof(server) : sizeof(search)) - 1;
	const char *end = line + len;

	if (!is_server && (len < sizeof(search) || memcmp(line, search, sizeof(search) - 1) != 0))
		return false;
	while (at < end) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		size_t word_len = (size_t)((space && !is_server ? space : end) - at);
		char word[WORD_MAX + 1];

		if (word_len == 0 || word_len > WORD_MAX)
			return false;
		memcpy(word, at, word_len);
		word[word_len] = '\0';
		if (strlen(word) != word_len ||
		    xt_conf_word(word) != (is_server ? XT_WORD_ADDRESS : XT_WORD_DOMAIN))
			return false;
		at += word_len + (at + word_len < end);
	}
	return true;
}

static bool resolv_text_ok(const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : 0;

		if (!end || !resolv_line_ok(text, line))
			return false;
		text += line + 1;
		len -= line + 1;
	}
	return true;
}

static bool resolvconf_ok(const char *interface, const char *const *words, size_t n,
			  const char *input, size_t len)
{
	if (n < 4 || !label_ok(words[2], interface))
		return false;
	if (word_is(words[1], "-d"))
		return n == 4 && word_is(words[3], "-f") && len == 0;
	return word_is(words[1], "-a") && (n == 5 || n == 6) && word_is(words[3], "-m") &&
	       word_is(words[4], "0") && (n == 5 || word_is(words[5], "-x")) &&
	       resolv_text_ok(input, len);
}

bool xt_runner_command_ok(const char *interface, const char *const *words, size_t n,
			  const char *input, size_t len)
{
	if (n == 0 || n > XT_RUNNER_WORDS_MAX || !*interface)
		return false;
	if (word_is(words[0], "nft"))
		return n == 3 && word_is(words[1], "-f") && word_is(words[2], "-") &&
		       xt_firewall_text_ok(input, len, interface);
	if (word_is(words[0], "scutil"))
		return n == 1 && xt_scutil_text_ok(input, len, interface);
	if (word_is(words[0], "resolvectl"))
		return len == 0 && resolvectl_ok(interface, words, n);
	return word_is(words[0], "resolvconf") && resolvconf_ok(interface, words, n, input, len);
}
