/* SPDX-License-Identifier: MIT */
/* What a word of DNS or the host of an Endpoint is. */
#include <string.h>

#include "base/addr.h"
#include "config/conf.h"

static bool word_is_address(const char *word)
{
	size_t len = strcspn(word, "%");
	char bare[64];
	struct xt_ip ip;

	if (len >= sizeof(bare) || strcmp(word + len, "%") == 0)
		return false;
	memcpy(bare, word, len);
	bare[len] = '\0';
	return xt_ip_parse(&ip, bare) == 0 && (!word[len] || ip.family == 6);
}

/* The length of the label at word, 0: not a label. Underscores occur in practice, and other bytes
 * than ASCII in names that the resolver converts. */
static size_t label_length(const char *word, bool *digits)
{
	size_t n = 0;

	*digits = true;
	for (; word[n] && word[n] != '.'; n++) {
		unsigned char c = (unsigned char)word[n];
		bool digit = c >= '0' && c <= '9';

		if (!digit && !((c | 32) >= 'a' && (c | 32) <= 'z') && c != '-' && c != '_' &&
		    c < 0x80)
			return 0;
		*digits &= digit;
	}
	return n <= 63 ? n : 0;
}

/* A last label of digits is a mistyped address: no top-level domain is a number (RFC 3696). */
static bool word_is_domain(const char *word)
{
	bool digits = true;

	if (strlen(word) > 254)
		return false;
	while (*word) {
		size_t n = label_length(word, &digits);

		if (n == 0)
			return false;
		word += n + (word[n] == '.');
	}
	return !digits;
}

enum xt_conf_word xt_conf_word(const char *word)
{
	if (word_is_address(word))
		return XT_WORD_ADDRESS;
	if (word[0] == '~') /* systemd-resolved: for routing only */
		word++;
	return word_is_domain(word) || strcmp(word, ".") == 0 ? XT_WORD_DOMAIN : XT_WORD_OTHER;
}
