/* SPDX-License-Identifier: MIT */
/* Keys of handshakes, four lines each: the pre-shared key belongs to the ephemeral above it. */
#include "tunnel/keylog.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

void xt_keylog_write(int fd, const struct xt_keylog *keys)
{
	static const char *const names[] = {"LOCAL_STATIC_PRIVATE_KEY", "REMOTE_STATIC_PUBLIC_KEY",
					    "LOCAL_EPHEMERAL_PRIVATE_KEY", "PRESHARED_KEY"};
	const uint8_t *const values[] = {keys->local_static->b, keys->remote_static->b,
					 keys->local_ephemeral->b, keys->psk->b};
	char text[4 * (32 + XT_KEY_BASE64)], key[XT_KEY_BASE64];
	size_t len = 0;

	for (int i = 0; i < 4; i++) {
		xt_key_to_base64(key, values[i]);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s = %s\n", names[i], key);
	}
	ssize_t n = write(fd, text, len);
	(void)n;
	xt_wipe(text, sizeof(text));
	xt_wipe(key, sizeof(key));
}
