/* SPDX-License-Identifier: MIT */
/* struct xt_conf to text, and to a file. */
#include "config/conf_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "config/file_access.h"

void xt_conf_put_key(struct xt_secbuf *out, const char *word, const uint8_t key[32])
{
	char base64[XT_KEY_BASE64];

	xt_key_to_base64(base64, key);
	xt_secbuf_printf(out, "%s = %s\n", word, base64);
	xt_wipe(base64, sizeof(base64));
}

static void text_put_line(struct xt_secbuf *t, const char *key, const char *value)
{
	xt_secbuf_printf(t, "%s%s\n", key, value);
}

static void text_put_cidrs(struct xt_secbuf *t, const char *key, const struct xt_cidr *v, size_t n)
{
	char buf[XT_CIDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		xt_secbuf_printf(t, "%s%s", i ? ", " : key, xt_cidr_print(&v[i], buf));
	}
	if (n)
		xt_secbuf_puts(t, "\n");
}

static void text_put_hooks(struct xt_secbuf *t, const char *key, const struct xt_conf_hooks *hooks)
{
	for (size_t i = 0; i < hooks->n; i++)
		text_put_line(t, key, hooks->v[i].command);
}

static void text_put_addresses(struct xt_secbuf *t, const struct xt_conf *conf)
{
	for (size_t i = 0; i < conf->n_addresses; i++) {
		const struct xt_link_address *address = &conf->addresses[i];
		char local[XT_CIDR_TEXT], peer[XT_IP_TEXT];

		xt_secbuf_printf(t, "Address = %s", xt_cidr_print(&address->cidr, local));
		if (address->peer.family)
			xt_secbuf_printf(t, " -> %s", xt_ip_print(&address->peer, peer));
		xt_secbuf_puts(t, "\n");
	}
	for (size_t i = 0; i < conf->n_dns; i++)
		xt_secbuf_printf(t, "%s%s", i ? ", " : "DNS = ", conf->dns[i]);
	if (conf->n_dns)
		xt_secbuf_puts(t, "\n");
}

static void text_put_extensions(struct xt_secbuf *t, const struct xt_conf *conf)
{
	static const char *const modes[] = {"off", "host", "peer", "both"};

	if (conf->echo != XT_ECHO_OFF)
		text_put_line(t, "#: Echo = ", modes[conf->echo & 3]);
	text_put_cidrs(t, "#: EchoAddresses = ", conf->echo_addresses, conf->n_echo_addresses);
	if (conf->echo_rate)
		xt_secbuf_printf(t, "#: EchoRate = %u/s\n", conf->echo_rate);
	if (conf->aead)
		text_put_line(t, "#: Aead = ", conf->aead);
	if (conf->threads)
		xt_secbuf_printf(t, "#: Threads = %u\n", conf->threads);
	if (conf->offload_off)
		xt_secbuf_puts(t, "#: Offload = off\n");
	if (conf->has_log_level)
		text_put_line(t, "#: LogLevel = ", xt_log_level_text(conf->log_level));
	if (conf->sandbox != XT_SANDBOX_MODE_ON)
		text_put_line(t, "#: Sandbox = ", xt_sandbox_mode_text(conf->sandbox));
	if (conf->user)
		text_put_line(t, "#: User = ", conf->user);
	if (conf->owner_user)
		xt_secbuf_printf(t, "#: Owner = %s%s%s\n", conf->owner_user,
				 conf->owner_group ? ":" : "",
				 conf->owner_group ? conf->owner_group : "");
}

static void text_put_interface(struct xt_secbuf *t, const struct xt_conf *conf)
{
	xt_secbuf_puts(t, "[Interface]\n");
	text_put_addresses(t, conf);
	if (conf->mtu)
		xt_secbuf_printf(t, "MTU = %u\n", conf->mtu);
	else if (conf->mtu_line) /* as it was given; to wg-quick only without the line */
		xt_secbuf_puts(t, "MTU = auto\n");
	if (conf->table == XT_TABLE_OFF)
		xt_secbuf_puts(t, "Table = off\n");
	else if (*conf->table_name)
		text_put_line(t, "Table = ", conf->table_name);
	else if (conf->table == XT_TABLE_NUMBER)
		xt_secbuf_printf(t, "Table = %u\n", conf->table_number);
	if (conf->save_config)
		xt_secbuf_puts(t, "SaveConfig = true\n");
	text_put_hooks(t, "PreUp = ", &conf->pre_up);
	text_put_hooks(t, "PostUp = ", &conf->post_up);
	text_put_hooks(t, "PreDown = ", &conf->pre_down);
	text_put_hooks(t, "PostDown = ", &conf->post_down);
	if (conf->has_port)
		xt_secbuf_printf(t, "ListenPort = %u\n", (unsigned)conf->listen_port);
	if (conf->fwmark)
		xt_secbuf_printf(t, "FwMark = 0x%x\n", conf->fwmark);
	if (conf->private_key_file)
		text_put_line(t, "#: PrivateKeyFile = ", conf->private_key_file);
	else if (conf->private_key_command)
		text_put_line(t, "#: PrivateKeyCommand = ", conf->private_key_command);
	else if (conf->has_key)
		xt_conf_put_key(t, "PrivateKey", conf->private_key.b);
	text_put_extensions(t, conf);
}

static void text_put_endpoints(struct xt_secbuf *t, const struct xt_conf_peer *peer)
{
	for (size_t i = 0; i < xt_conf_endpoints(peer); i++) {
		struct xt_conf_endpoint entry = xt_conf_endpoint_at(peer, i);
		bool v6 = strchr(entry.host, ':') != NULL;

		xt_secbuf_puts(t, i ? ", " : "Endpoint = ");
		xt_secbuf_printf(t, v6 ? "[%s]:" : "%s:", entry.host);
		if (*entry.service)
			xt_secbuf_puts(t, entry.service);
		else
			xt_secbuf_printf(t, "%u", (unsigned)entry.port);
	}
	if (peer->endpoint_host)
		xt_secbuf_puts(t, "\n");
	if (peer->endpoint_hold_s)
		xt_secbuf_printf(t, "#: EndpointHold = %u\n", (unsigned)peer->endpoint_hold_s);
}

static void text_put_peer(struct xt_secbuf *t, const struct xt_conf_peer *peer)
{
	xt_secbuf_puts(t, "\n[Peer]\n");
	if (*peer->name)
		text_put_line(t, "#: Name = ", peer->name);
	if (peer->critical)
		xt_secbuf_puts(t, "#: Critical = yes\n");
	if (peer->probe_address.family) {
		char buf[XT_IP_TEXT];

		text_put_line(t, "#: ProbeAddress = ", xt_ip_print(&peer->probe_address, buf));
	}
	xt_conf_put_key(t, "PublicKey", peer->key.b);
	if (peer->psk_file)
		text_put_line(t, "#: PresharedKeyFile = ", peer->psk_file);
	else if (peer->has_psk)
		xt_conf_put_key(t, "PresharedKey", peer->psk.b);
	text_put_cidrs(t, "AllowedIPs = ", peer->allowed, peer->n_allowed);
	text_put_endpoints(t, peer);
	if (peer->keepalive_s)
		xt_secbuf_printf(t, "PersistentKeepalive = %u\n", (unsigned)peer->keepalive_s);
}

int xt_conf_write(const struct xt_conf *conf, char **out, size_t *len)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);

	text_put_interface(&text, conf);
	for (size_t i = 0; i < conf->n_peers; i++)
		text_put_peer(&text, &conf->peers[i]);
	return xt_secbuf_detach(&text, out, len);
}

static int file_write(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The rename must survive a power failure too. Errors are ignored: some file systems cannot sync a
 * directory. */
static void directory_sync(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory =
	    slash && slash != path ? strndup(path, (size_t)(slash - path)) : strdup("/");
	int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(directory);
}

int xt_conf_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = -EWOULDBLOCK;
	struct stat here, there;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &here) < 0)
		rc = -errno;
	else if (!S_ISREG(here.st_mode))
		rc = -EINVAL;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = -errno;
	else if (stat(path, &there) == 0 && there.st_ino == here.st_ino &&
		 there.st_dev == here.st_dev)
		return fd;
	close(fd);
	return rc;
}

/* lock: NULL, or takes the descriptor of the new file in place of the one that it holds; if it held
 * one, the new file is locked before it has its name. */
static int file_replace(const char *path, const char *text, size_t len, bool kept, int *lock)
{
	char *real = realpath(path, NULL), *tmp = NULL;
	int fd = -1, rc = 0;

	if (!real) {
		rc = -errno;
	} else if (asprintf(&tmp, "%s.tmp", real) < 0) {
		tmp = NULL;
		rc = XT_E_NOMEM;
	}
	if (rc == 0) {
		(void)unlink(tmp); /* left by an earlier attempt, perhaps with another mode */
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		rc = fd < 0 ? -errno : kept ? xt_file_access_keep(fd, real) : 0;
		if (rc == 0 && lock && *lock >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
			rc = -errno;
		if (rc == 0)
			rc = file_write(fd, text, len);
	}
	if (fd >= 0 && !lock && close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(tmp, real) < 0)
		rc = -errno;
	if (rc == 0)
		directory_sync(real);
	else if (fd >= 0)
		(void)unlink(tmp);
	if (lock && rc == 0) {
		if (*lock >= 0)
			close(*lock);
		*lock = fd;
	} else if (lock && fd >= 0) {
		close(fd);
	}
	free(tmp);
	free(real);
	return rc;
}

int xt_conf_replace(const char *path, const char *text, size_t len)
{
	return file_replace(path, text, len, false, NULL);
}

int xt_conf_replace_kept(const char *path, const char *text, size_t len, int *lock)
{
	return file_replace(path, text, len, true, lock);
}
