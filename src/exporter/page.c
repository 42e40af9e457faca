/* SPDX-License-Identifier: MIT */
/* Assembled at the start: the hash is of exactly the bytes between the tags. */
#include "exporter/page.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <xtunnel/error.h>

#include "base/secbuf.h"

#define STYLE  "{style}"
#define SCRIPT "{script}"

#define HASH_BASE64                                                                                \
	sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

static void hash_print(char out[HASH_BASE64], const char *text, size_t len)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const uint8_t *)text, len);
	sodium_bin2base64(out, HASH_BASE64, hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
}

int xt_page_make(struct xt_page *out)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX), policy = text;
	const char *html = xt_embedded_page_html;
	const char *style = strstr(html, STYLE), *script = style ? strstr(style, SCRIPT) : NULL;
	char style_hash[HASH_BASE64], script_hash[HASH_BASE64];
	size_t len;
	int rc, rc_policy;

	memset(out, 0, sizeof(*out));
	if (!script)
		return XT_E_INVALID;
	xt_secbuf_append(&text, html, (size_t)(style - html));
	xt_secbuf_append(&text, xt_embedded_page_css, xt_embedded_page_css_len);
	style += strlen(STYLE);
	xt_secbuf_append(&text, style, (size_t)(script - style));
	xt_secbuf_append(&text, xt_embedded_page_js, xt_embedded_page_js_len);
	xt_secbuf_puts(&text, script + strlen(SCRIPT));
	hash_print(style_hash, xt_embedded_page_css, xt_embedded_page_css_len);
	hash_print(script_hash, xt_embedded_page_js, xt_embedded_page_js_len);
	xt_secbuf_printf(&policy,
			 "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; "
			 "connect-src 'self'; base-uri 'none'; form-action 'none'; "
			 "frame-ancestors 'none'",
			 style_hash, script_hash);
	rc = xt_secbuf_detach(&text, &out->text, &out->len);
	rc_policy = xt_secbuf_detach(&policy, &out->policy, &len);
	if (rc == 0 && rc_policy == 0)
		return 0;
	xt_page_clear(out);
	return rc ? rc : rc_policy;
}

void xt_page_clear(struct xt_page *page)
{
	free(page->text);
	free(page->policy);
	memset(page, 0, sizeof(*page));
}
