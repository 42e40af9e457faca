/* SPDX-License-Identifier: MIT */
/* Keys of handshakes, four lines each: the pre-shared key belongs to the ephemeral above it. */
#include "tunnel/keylog.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

/* One line, behind the len bytes that out holds. */
static size_t line_print(char *out, size_t len, const char *name, const uint8_t value[32])
{
	char key[XT_KEY_BASE64];

	xt_key_to_base64(key, value);
	len += (size_t)snprintf(out + len, XT_KEYLOG_TEXT - len, "%s = %s\n", name, key);
	xt_wipe(key, sizeof(key));
	return len;
}

size_t xt_keylog_print(char out[XT_KEYLOG_TEXT], const struct xt_keylog *keys)
{
	size_t len = xt_keylog_print_static(out, keys->local_static);

	len = line_print(out, len, "REMOTE_STATIC_PUBLIC_KEY", keys->remote_static->b);
	len = line_print(out, len, "LOCAL_EPHEMERAL_PRIVATE_KEY", keys->local_ephemeral->b);
	return line_print(out, len, "PRESHARED_KEY", keys->psk->b);
}

size_t xt_keylog_print_static(char out[XT_KEYLOG_TEXT], const struct xt_private *key)
{
	return line_print(out, 0, "LOCAL_STATIC_PRIVATE_KEY", key->b);
}

void xt_keylog_write(int fd, const struct xt_keylog *keys)
{
	char text[XT_KEYLOG_TEXT];
	ssize_t n = write(fd, text, (unsigned)xt_keylog_print(text, keys));

	(void)n;
	xt_wipe(text, sizeof(text));
}
