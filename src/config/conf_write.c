/* struct xt_conf to text, and to a file. */
#include "config/conf_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/text.h"

/* Grows without leaving copies of keys in freed memory. */
struct text {
	char *p;
	size_t len, cap;
	bool failed;
};

static bool reserve(struct text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 4096;
	char *p;

	while (cap < t->len + more + 1)
		cap *= 2;
	if (cap == t->cap)
		return true;
	p = malloc(cap);
	if (!p) {
		t->failed = true;
		return false;
	}
	if (t->len)
		memcpy(p, t->p, t->len);
	if (t->p)
		xt_wipe(t->p, t->cap);
	free(t->p);
	t->p = p;
	t->cap = cap;
	return true;
}

static void put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->failed || !reserve(t, n))
		return;
	memcpy(t->p + t->len, s, n + 1);
	t->len += n;
}

__attribute__((format(printf, 2, 3))) static void putf(struct text *t, const char *format, ...)
{
	char buf[128];
	va_list args;

	va_start(args, format);
	vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	put(t, buf);
}

static void put_key(struct text *t, const char *key, const uint8_t value[32])
{
	char base64[XT_KEY_BASE64];

	xt_key_to_base64(base64, value);
	put(t, key);
	put(t, base64);
	put(t, "\n");
	xt_wipe(base64, sizeof(base64));
}

static void put_line(struct text *t, const char *key, const char *value)
{
	put(t, key);
	put(t, value);
	put(t, "\n");
}

static void put_cidrs(struct text *t, const char *key, const struct xt_cidr *v, size_t n)
{
	char buf[XT_CIDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		put(t, i ? ", " : key);
		put(t, xt_cidr_print(&v[i], buf));
	}
	if (n)
		put(t, "\n");
}

static void put_hooks(struct text *t, const char *key, const struct xt_conf_hooks *hooks)
{
	for (size_t i = 0; i < hooks->n; i++)
		put_line(t, key, hooks->v[i].command);
}

static void put_addresses(struct text *t, const struct xt_conf *conf)
{
	for (size_t i = 0; i < conf->n_addresses; i++) {
		const struct xt_link_address *address = &conf->addresses[i];
		char own[XT_CIDR_TEXT], peer[XT_IP_TEXT];

		put(t, "Address = ");
		put(t, xt_cidr_print(&address->cidr, own));
		if (address->peer.family) {
			put(t, " -> ");
			put(t, xt_ip_print(&address->peer, peer));
		}
		put(t, "\n");
	}
	for (size_t i = 0; i < conf->n_dns; i++) {
		put(t, i ? ", " : "DNS = ");
		put(t, conf->dns[i]);
	}
	if (conf->n_dns)
		put(t, "\n");
}

static void put_ours(struct text *t, const struct xt_conf *conf)
{
	static const char *const modes[] = {"off", "host", "peer", "both"};

	if (conf->echo != XT_ECHO_OFF)
		put_line(t, "#: Echo = ", modes[conf->echo & 3]);
	put_cidrs(t, "#: EchoAddresses = ", conf->echo_addresses, conf->n_echo_addresses);
	if (conf->echo_rate)
		putf(t, "#: EchoRate = %u/s\n", conf->echo_rate);
	if (conf->aead)
		put_line(t, "#: Aead = ", conf->aead);
	if (conf->threads)
		putf(t, "#: Threads = %u\n", conf->threads);
	if (conf->offload_off)
		put(t, "#: Offload = off\n");
	if (conf->owner_user) {
		put(t, "#: Owner = ");
		put(t, conf->owner_user);
		put(t, conf->owner_group ? ":" : "");
		put_line(t, "", conf->owner_group ? conf->owner_group : "");
	}
}

static void put_interface(struct text *t, const struct xt_conf *conf)
{
	put(t, "[Interface]\n");
	put_addresses(t, conf);
	if (conf->mtu)
		putf(t, "MTU = %u\n", conf->mtu);
	if (conf->table == XT_TABLE_OFF)
		put(t, "Table = off\n");
	else if (conf->table == XT_TABLE_NUMBER)
		putf(t, "Table = %u\n", conf->table_number);
	if (conf->save_config)
		put(t, "SaveConfig = true\n");
	put_hooks(t, "PreUp = ", &conf->pre_up);
	put_hooks(t, "PostUp = ", &conf->post_up);
	put_hooks(t, "PreDown = ", &conf->pre_down);
	put_hooks(t, "PostDown = ", &conf->post_down);
	if (conf->has_port)
		putf(t, "ListenPort = %u\n", (unsigned)conf->listen_port);
	if (conf->fwmark)
		putf(t, "FwMark = 0x%x\n", conf->fwmark);
	if (conf->private_key_file)
		put_line(t, "#: PrivateKeyFile = ", conf->private_key_file);
	else if (conf->has_key)
		put_key(t, "PrivateKey = ", conf->private_key.b);
	put_ours(t, conf);
}

static void put_peer(struct text *t, const struct xt_conf_peer *peer)
{
	put(t, "\n[Peer]\n");
	if (*peer->name)
		put_line(t, "#: Name = ", peer->name);
	put_key(t, "PublicKey = ", peer->key.b);
	if (peer->psk_file)
		put_line(t, "#: PresharedKeyFile = ", peer->psk_file);
	else if (peer->has_psk)
		put_key(t, "PresharedKey = ", peer->psk.b);
	put_cidrs(t, "AllowedIPs = ", peer->allowed, peer->n_allowed);
	if (peer->endpoint_host) {
		bool v6 = strchr(peer->endpoint_host, ':') != NULL;

		put(t, v6 ? "Endpoint = [" : "Endpoint = ");
		put(t, peer->endpoint_host);
		putf(t, "%s:%u\n", v6 ? "]" : "", (unsigned)peer->endpoint_port);
	}
	if (peer->keepalive_s)
		putf(t, "PersistentKeepalive = %u\n", (unsigned)peer->keepalive_s);
}

int xt_conf_write(const struct xt_conf *conf, char **out, size_t *len)
{
	struct text t = {0};

	put_interface(&t, conf);
	for (size_t i = 0; i < conf->n_peers; i++)
		put_peer(&t, &conf->peers[i]);
	if (t.failed) {
		if (t.p)
			xt_wipe(t.p, t.cap);
		free(t.p);
		return XT_E_NOMEM;
	}
	*out = t.p;
	*len = t.len;
	return 0;
}

static int write_whole(int fd, const char *text, size_t len)
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

/* The rename itself shall survive a loss of power too; where a folder cannot be synced, it may. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash && slash != path ? strndup(path, (size_t)(slash - path)) : strdup("/");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}

int xt_conf_replace(const char *path, const char *text, size_t len)
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
		(void)unlink(tmp); /* a rest of an earlier attempt, perhaps with another mode */
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		rc = fd < 0 ? -errno : write_whole(fd, text, len);
	}
	if (fd >= 0 && close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(tmp, real) < 0)
		rc = -errno;
	if (rc == 0)
		sync_folder(real);
	else if (fd >= 0)
		(void)unlink(tmp);
	free(tmp);
	free(real);
	return rc;
}
