/* SPDX-License-Identifier: MIT */
/* The configuration files of a lab's hosts, and their names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/message.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "cli/lab.h"
#include "cli/new_files.h"
#include "crypto/init.h"

struct host_keys {
	struct xt_private private_key;
	struct xt_public public_key;
};

static void peer_put(struct xt_secbuf *out, const struct xt_lab *lab, unsigned of, unsigned peer,
		     const struct xt_public *key)
{
	char text[XT_KEY_BASE64];

	xt_key_to_base64(text, key->b);
	xt_secbuf_printf(out, "\n[Peer]\n#: Name = host%u\nPublicKey = %s\n", peer, text);
	if (lab->hub && of > 1)
		xt_secbuf_puts(out, "AllowedIPs = 192.168.7.0/24, fd07::/64\n");
	else
		xt_secbuf_printf(out, "AllowedIPs = 192.168.7.%u/32, fd07::%x/128\n", peer, peer);
	if (!xt_lab_behind_nat(lab, peer))
		xt_secbuf_printf(out, "Endpoint = 198.18.%u.2:%d\n", peer, XT_LAB_PORT);
	if (xt_lab_behind_nat(lab, of))
		xt_secbuf_puts(out, "PersistentKeepalive = 25\n");
}

static bool file_write(const char *path, int mode, struct xt_secbuf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool written =
	    text->error == 0 && fd >= 0 && write(fd, text->p, text->len) == (ssize_t)text->len;

	if (!written)
		xt_message("lab: cannot write %s: %s", path,
			   text->error ? xt_strerror(text->error) : strerror(errno));
	if (fd >= 0)
		close(fd);
	xt_secbuf_clear(text);
	return written;
}

static bool host_write(const struct xt_lab *lab, unsigned i, const struct host_keys *keys)
{
	struct xt_secbuf out = XT_SECBUF_INIT(XT_SECBUF_MAX);
	char text[XT_KEY_BASE64], path[64];

	xt_key_to_base64(text, keys[i - 1].private_key.b);
	xt_secbuf_printf(&out,
			 "[Interface]\nPrivateKey = %s\nListenPort = %d\n"
			 "Address = 192.168.7.%u/24, fd07::%x/64\n",
			 text, XT_LAB_PORT, i, i);
	xt_wipe(text, sizeof(text));
	for (unsigned peer = 1; peer <= lab->hosts; peer++)
		if (peer != i && (!lab->hub || i == 1 || peer == 1))
			peer_put(&out, lab, i, peer, &keys[peer - 1].public_key);
	snprintf(path, sizeof(path), XT_LAB_DIR "/host%u.conf", i);
	return file_write(path, 0600, &out);
}

/* `ping host2` goes through the tunnel. */
static bool names_write(const struct xt_lab *lab)
{
	struct xt_secbuf out = XT_SECBUF_INIT(XT_SECBUF_MAX);

	xt_secbuf_puts(&out, "127.0.0.1 localhost\n::1 localhost\n");
	for (unsigned i = 1; i <= lab->hosts; i++)
		xt_secbuf_printf(&out, "192.168.7.%u host%u\nfd07::%x host%u\n", i, i, i, i);
	if (!file_write(XT_LAB_DIR "/hosts", 0644, &out))
		return false;
	(void)mount(XT_LAB_DIR "/hosts", "/etc/hosts", NULL, MS_BIND, NULL);
	return true;
}

bool xt_lab_files_write(const struct xt_lab *lab)
{
	struct host_keys *keys = calloc(lab->hosts, sizeof(*keys));
	bool written = keys && xt_crypto_init() == 0;

	if (!written)
		xt_message("lab: %s", xt_strerror(keys ? XT_E_CRYPTO : XT_E_NOMEM));
	for (unsigned i = 0; i < lab->hosts && written; i++)
		xt_new_keys(&keys[i].private_key, &keys[i].public_key);
	for (unsigned i = 1; i <= lab->hosts && written; i++)
		written = host_write(lab, i, keys);
	if (keys)
		xt_wipe(keys, lab->hosts * sizeof(*keys));
	free(keys);
	return written && names_write(lab);
}
