/* SPDX-License-Identifier: MIT */
/* A configuration file that is changed in place. The running instance judges the file as it is,
 * then the new file replaces it, then the instance reloads. A reload is all or nothing, so after a
 * refusal only the old file has to come back. */
#include "cli/hub.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/private_file.h"
#include "cli/term.h"
#include "config/conf_write.h"
#include "config/path_trust.h"

#define KEY_FILE_MAX 4097u
#define LOCK_TRIES   100 /* of 100 ms */

/* Wait for the lock of the file that is at path then. -errno. */
static int file_lock(const char *path)
{
	static const struct timespec nap = {0, 100000000};

	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = xt_conf_lock(path);

		if (fd != -EWOULDBLOCK && fd != -EINTR)
			return fd;
		nanosleep(&nap, NULL);
	}
	return -ETIMEDOUT;
}

/* A file that cannot be opened is left to the loading, which says why. */
static int hub_lock(struct xt_hub *hub, const char *word)
{
	char *path = xt_conf_path(word);
	int rc = path ? file_lock(path) : XT_E_NOMEM;

	if (rc >= 0)
		hub->lock = rc;
	else if (rc == -ETIMEDOUT)
		xt_message("%s: another program is changing it", path);
	else if (rc == -EINVAL)
		xt_message("%s: not a file that can be changed", path);
	free(path);
	return rc == -ETIMEDOUT || rc == -EINVAL ? XT_EXIT_FAILURE : XT_EXIT_OK;
}

/* The disabled peers, as if they were in the file. */
static int disabled_load(struct xt_hub *hub)
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	int rc = xt_edit_disabled(&hub->edit, &text);

	if (rc == 0)
		rc = xt_conf_parse(&hub->disabled, NULL, text.p ? text.p : "", text.len,
				   &diagnostics);
	if (rc == XT_E_SYNTAX)
		rc = xt_fail(XT_EXIT_CONFIG, "%s: a section that is disabled has an error: %s",
			     hub->conf.path, diagnostics.n ? diagnostics.v[0].text : "");
	else if (rc < 0)
		rc = xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc));
	xt_conf_diagnostics_clear(&diagnostics);
	xt_secbuf_clear(&text);
	return rc;
}

int xt_hub_open(struct xt_hub *hub, const char *word, bool write)
{
	int status = XT_EXIT_OK;

	*hub = (struct xt_hub){.lock = -1};
	if (write && (xt_conf_is_path(word) || xt_conf_name_valid(word)))
		status = hub_lock(hub, word);
	if (status == XT_EXIT_OK)
		status = xt_conf_open_text(&hub->conf, word, &hub->text, stderr);
	if (status != XT_EXIT_OK)
		return status;
	if (xt_edit_open(&hub->edit, hub->text.p ? hub->text.p : "", hub->text.len) < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(XT_E_NOMEM));
	return disabled_load(hub);
}

void xt_hub_close(struct xt_hub *hub)
{
	xt_edit_clear(&hub->edit);
	xt_secbuf_clear(&hub->text);
	xt_conf_clear(&hub->conf);
	xt_conf_clear(&hub->disabled);
	if (hub->lock >= 0)
		close(hub->lock);
	hub->lock = -1;
}

/* By public key when word is one, else by Name. */
static size_t peers_find(const struct xt_conf *conf, const char *word,
			 const struct xt_conf_peer **out)
{
	struct xt_public key;
	bool is_key = xt_key_from_base64(key.b, word, strlen(word));
	size_t n = 0;

	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];

		if (is_key ? memcmp(&peer->key, &key, sizeof(key)) != 0
			   : strcmp(peer->name, word) != 0)
			continue;
		*out = peer;
		n++;
	}
	return n;
}

bool xt_hub_has_name(const struct xt_hub *hub, const char *name)
{
	const struct xt_conf_peer *peer;

	return peers_find(&hub->conf, name, &peer) || peers_find(&hub->disabled, name, &peer);
}

const struct xt_conf_peer *xt_hub_peer(const struct xt_hub *hub, const char *word, bool *disabled)
{
	const struct xt_conf_peer *peer = NULL, *off_peer = NULL;
	size_t n = *word ? peers_find(&hub->conf, word, &peer) : 0;
	size_t off = *word ? peers_find(&hub->disabled, word, &off_peer) : 0;

	*disabled = n == 0;
	if (n + off == 1)
		return n ? peer : off_peer;
	if (n == 1 && off == 1 && memcmp(&peer->key, &off_peer->key, sizeof(peer->key)) == 0)
		return peer; /* written twice */
	if (n + off)
		xt_message("%s: several peers are named %s: give the public key", hub->conf.path,
			   word);
	else
		xt_message("%s: no peer has the Name or public key %.80s", hub->conf.path, word);
	xt_hint("xtunnel list %s lists them", hub->conf.path);
	return NULL;
}

/* Would `up` refuse it? */
static int text_check(const struct xt_hub *hub, const struct xt_secbuf *text)
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf conf;
	const char *p = text->p ? text->p : "";
	int rc = xt_conf_parse(&conf, hub->conf.name, p, text->len, &diagnostics), status;
	char *lines;

	if (rc == 0) {
		if (hub->conf.private_key_file) /* was read, and is not changed */
			conf.has_key = hub->conf.has_key;
		rc = xt_conf_check(&conf, &diagnostics);
		xt_conf_clear(&conf);
	}
	status = rc == 0 ? XT_EXIT_OK : rc == XT_E_SYNTAX ? XT_EXIT_CONFIG : XT_EXIT_FAILURE;
	lines = rc ? xt_conf_diagnostics_print(&diagnostics, hub->conf.path) : NULL;
	if (lines)
		fputs(lines, stderr);
	if (rc)
		xt_message("%s: the change would leave a file that is refused: it is as it was",
			   hub->conf.path);
	free(lines);
	xt_conf_diagnostics_clear(&diagnostics);
	return status;
}

/* The lock stays on the file of the hub, as others that change it look at the one at its path. */
static int file_replace(struct xt_hub *hub, const char *path, const struct xt_secbuf *text)
{
	int rc = xt_conf_replace_kept(path, text->p ? text->p : "", text->len,
				      path == hub->conf.path ? &hub->lock : NULL);

	return rc < 0 ? xt_fail(XT_EXIT_FAILURE, "%s was not replaced: %s", path, xt_strerror(rc))
		      : XT_EXIT_OK;
}

static void file_restore(struct xt_hub *hub, const char *path, const struct xt_secbuf *old)
{
	if (file_replace(hub, path, old) == XT_EXIT_OK)
		xt_message("%s is as it was", path);
}

/* Replace the file at path, reload what runs with the hub's file, and finish. */
static int change_apply(struct xt_hub *hub, const char *path, const struct xt_secbuf *old,
			const struct xt_secbuf *text, xt_hub_finish *finish, void *ctx)
{
	const char *name = hub->conf.name, *file = hub->conf.path;
	int running = xt_reload_file(name, file, true), status;
	bool reloaded;

	if (running != XT_EXIT_OK && running != XT_RUNNING_NONE) {
		xt_message("%s is as it was", path);
		return running;
	}
	status = file_replace(hub, path, text);
	if (status != XT_EXIT_OK)
		return status;
	reloaded = running == XT_EXIT_OK;
	if (reloaded)
		status = xt_reload_file(name, file, false);
	if (status == XT_RUNNING_NONE) /* it has ended meanwhile, and reads the file next time */
		status = XT_EXIT_OK;
	if (status == XT_EXIT_OK && finish && !finish(ctx))
		status = XT_EXIT_FAILURE;
	else if (status != XT_EXIT_OK)
		reloaded = false;
	if (status == XT_EXIT_OK)
		return status;
	file_restore(hub, path, old);
	if (reloaded)
		(void)xt_reload_file(name, file, false);
	return status;
}

static int change_commit(struct xt_hub *hub, const char *path, const struct xt_secbuf *old,
			 const struct xt_secbuf *text, xt_hub_finish *finish, void *ctx)
{
	sigset_t before;
	int status;

	xt_private_file_hold(&before);
	status = change_apply(hub, path, old, text, finish, ctx);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

int xt_hub_judge(const struct xt_hub *hub, const struct xt_secbuf *text)
{
	return text_check(hub, text);
}

int xt_hub_commit(struct xt_hub *hub, const struct xt_secbuf *text, xt_hub_finish *finish,
		  void *ctx)
{
	int status = text_check(hub, text);

	return status == XT_EXIT_OK
		   ? change_commit(hub, hub->conf.path, &hub->text, text, finish, ctx)
		   : status;
}

/* A small file as it is. -errno, or XT_E_NOMEM. */
static int file_read(const char *path, struct xt_secbuf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = fd < 0 ? -errno : 0;

	while (rc == 0) {
		size_t room;
		ssize_t n;

		rc = xt_secbuf_room(text, &room);
		n = rc ? 0 : read(fd, text->p + text->len, room);
		if (n < 0 && errno != EINTR)
			rc = -errno;
		if (n == 0)
			break;
		if (n > 0)
			xt_secbuf_added(text, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int xt_hub_commit_key(struct xt_hub *hub, const char *path, const uint8_t key[32],
		      xt_hub_finish *finish, void *ctx)
{
	struct xt_secbuf old = XT_SECBUF_INIT(KEY_FILE_MAX), text = XT_SECBUF_INIT(KEY_FILE_MAX);
	char base64[XT_KEY_BASE64], *full = NULL;
	int rc = xt_path_key_file(&full, hub->conf.path, path), status;

	if (rc == 0)
		rc = file_read(full, &old);
	xt_key_to_base64(base64, key);
	if (rc == 0)
		rc = xt_secbuf_printf(&text, "%s\n", base64);
	xt_wipe(base64, sizeof(base64));
	status = rc < 0 ? xt_fail(XT_EXIT_FAILURE, "%s: %s", path, xt_strerror(rc))
			: change_commit(hub, full, &old, &text, finish, ctx);
	xt_secbuf_clear(&old);
	xt_secbuf_clear(&text);
	free(full);
	return status;
}
