/* SPDX-License-Identifier: MIT */
/* Configuration and key files: where they are, reading them up to a limit, warnings about modes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "config/conf_diagnostic.h"
#include "config/conf_names.h"
#include "config/conf_place.h"
#include "config/conf_value.h"
#include "config/file_access.h"
#include "config/path_trust.h"

#define KEY_FILE_MAX 4096u

/* Read to the end of the file; -EFBIG when it has text->max bytes or more. */
static int text_read(struct xt_secbuf *text, int fd)
{
	for (;;) {
		size_t room;
		int err = xt_secbuf_room(text, &room);

		if (err)
			return err == XT_E_FULL ? -EFBIG : err;
		ssize_t n = read(fd, text->p + text->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		xt_secbuf_added(text, (size_t)n);
	}
}

/* plain: a FIFO is refused, and opening it does not wait for its writer. */
static int text_open(struct xt_secbuf *text, const char *path, bool plain,
		     struct xt_file_access *access)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (plain ? O_NONBLOCK : 0)), err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st.st_mode) && (plain || !S_ISFIFO(st.st_mode)))
		err = -EINVAL;
	else
		err = text_read(text, fd);
	if (!err)
		xt_file_access(access, fd, &st);
	close(fd);
	if (err)
		xt_secbuf_clear(text);
	return err;
}

static int access_check(const struct xt_file_access *access, const char *what, unsigned line,
			unsigned column, struct xt_conf_diagnostics *diagnostics)
{
	if (access->exposure == XT_FILE_PRIVATE)
		return 0;
	return xt_conf_diagnostics_add(
	    diagnostics, XT_LINT_FILE_MODE, line, column, "%s: others can %s this file (%s)", what,
	    access->exposure == XT_FILE_WRITABLE ? "write" : "read", access->text);
}

static int key_file_read(uint8_t key[32], const struct xt_conf *conf, const char *path, bool plain,
			 unsigned line, const char *what, struct xt_conf_diagnostics *diagnostics)
{
	struct xt_secbuf text = XT_SECBUF_INIT(KEY_FILE_MAX + 1);
	struct xt_file_access access;
	unsigned column = 1;
	char *full;
	int err = xt_path_key_file(&full, conf->path, path);
	bool credentials = err != -ENXIO;

	if (err == 0)
		err = text_open(&text, full, plain, &access);
	free(full);
	if (err == XT_E_NOMEM)
		return err;
	if (err) {
		int failed = xt_conf_diagnostics_add(
		    diagnostics, XT_LINT_UNREADABLE, line, 1, "%s: %s%s", what,
		    credentials ? "cannot read the file: " : "",
		    credentials ? xt_strerror(err) : XT_PATH_NO_CREDENTIALS);
		return failed ? failed : XT_E_SYNTAX;
	}
	struct xt_span span = {text.p, text.len, 1};
	xt_span_trim(&span);
	const char *sentence = xt_value_key(key, &span, &column);
	xt_secbuf_clear(&text);
	if (sentence) {
		err = xt_conf_diagnostics_add(diagnostics, XT_LINT_SYNTAX, line, 1,
					      "%s: in the file: %s", what, sentence);
		return err ? err : XT_E_SYNTAX;
	}
	return access_check(&access, what, line, 1, diagnostics);
}

static int key_files_read(struct xt_conf *conf, bool plain, struct xt_conf_diagnostics *diagnostics)
{
	int err = 0, worst = 0;

	if (conf->private_key_file) {
		worst = key_file_read(conf->private_key.b, conf, conf->private_key_file, plain,
				      conf->key_line, "PrivateKeyFile", diagnostics);
		conf->has_key = worst == 0;
	}
	for (size_t i = 0; i < conf->n_peers && worst != XT_E_NOMEM; i++) {
		struct xt_conf_peer *peer = &conf->peers[i];

		if (!peer->psk_file)
			continue;
		err = key_file_read(peer->psk.b, conf, peer->psk_file, plain, peer->psk_line,
				    "PresharedKeyFile", diagnostics);
		peer->has_psk = err == 0;
		worst = err ? err : worst;
	}
	return worst;
}

bool xt_conf_is_path(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') || (len > 5 && strcmp(word + len - 5, ".conf") == 0);
}

char *xt_conf_path(const char *word)
{
	char place[512];
	char *path = NULL;

	if (xt_conf_is_path(word))
		return strdup(word);
	for (unsigned i = 0; xt_conf_place(i, place, sizeof(place)); i++) {
		free(path);
		if (asprintf(&path, "%s/%s.conf", place, word) < 0)
			return NULL;
		if (access(path, F_OK) == 0 || errno != ENOENT)
			return path;
	}
	free(path);
	if (!xt_conf_place(0, place, sizeof(place)) ||
	    asprintf(&path, "%s/%s.conf", place, word) < 0)
		return NULL;
	return path;
}

void xt_conf_path_name(const char *path, char *out, size_t cap)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path, *suffix;
	size_t len = strlen(base);

	if (len > 5 && strcmp(base + len - 5, ".conf") == 0)
		len -= 5;
	else if (len > 15 && (suffix = strstr(base, ".conf.")) != NULL)
		len = (size_t)(suffix - base); /* NAME.conf.example */
	snprintf(out, cap, "%.*s", (int)XT_MIN(len, cap - 1), base);
}

/* 0, or XT_E_SYNTAX with a diagnostic. */
static int name_check(const char *name, struct xt_conf_diagnostics *diagnostics)
{
	int err;

	if (!xt_conf_name_valid(name))
		err = xt_conf_diagnostics_add(
		    diagnostics, XT_LINT_SYNTAX, 0, 0,
		    "the interface is named after the file: expected 1 to 15 letters, "
		    "digits or _=+.- before .conf");
	else if (xt_conf_name_reserved(name))
		err = xt_conf_diagnostics_add(
		    diagnostics, XT_LINT_SYNTAX, 0, 0,
		    "the interface is named after the file, and the system keeps the name %s for "
		    "itself: give the file another name",
		    name);
	else
		return 0;
	return err ? err : XT_E_SYNTAX;
}

static bool conf_holds_key(const struct xt_conf *conf)
{
	bool psk = false;

	for (size_t i = 0; i < conf->n_peers; i++)
		psk |= conf->peers[i].has_psk;
	return conf->has_key || psk;
}

static int conf_read(struct xt_conf *out, const char *path, struct xt_secbuf *text, bool plain,
		     struct xt_conf_diagnostics *diagnostics)
{
	char name[64];
	struct xt_file_access access;

	xt_conf_path_name(path, name, sizeof(name));
	int err = name_check(name, diagnostics);
	if (err)
		return err;
	err = text_open(text, path, plain, &access);
	if (err == XT_E_NOMEM)
		return err;
	if (err) {
		int failed = xt_conf_diagnostics_add(diagnostics, XT_LINT_UNREADABLE, 0, 0,
						     "cannot read: %s", xt_strerror(err));
		return failed ? failed : err;
	}
	err = xt_conf_parse(out, name, text->p, text->len, diagnostics);
	if (!err && conf_holds_key(out))
		err = access_check(&access, "this file holds keys", 0, 0, diagnostics);
	return err;
}

static int conf_load(struct xt_conf *out, const char *name_or_path, struct xt_secbuf *text,
		     bool plain, struct xt_conf_diagnostics *diagnostics)
{
	char *path;
	int err;

	memset(out, 0, sizeof(*out));
	if (!xt_conf_is_path(name_or_path) && !xt_conf_name_valid(name_or_path)) {
		err = xt_conf_diagnostics_add(
		    diagnostics, XT_LINT_SYNTAX, 0, 0,
		    "not an interface name: expected 1 to 15 letters, digits or _=+.-");
		return err ? err : XT_E_SYNTAX;
	}
	path = xt_conf_path(name_or_path);
	if (!path)
		return XT_E_NOMEM;
	err = conf_read(out, path, text, plain, diagnostics);
	out->path = path;
	if (!err)
		err = xt_conf_resolve_names(out, diagnostics);
	if (!err)
		err = key_files_read(out, plain, diagnostics);
	if (err) { /* clear the keys, keep the path for messages */
		out->path = NULL;
		xt_conf_clear(out);
		out->path = path;
	}
	return err;
}

int xt_conf_load_text(struct xt_conf *out, const char *name_or_path, struct xt_secbuf *text,
		      struct xt_conf_diagnostics *diagnostics)
{
	*text = XT_SECBUF_INIT(XT_CONF_FILE_MAX + 1);
	return conf_load(out, name_or_path, text, false, diagnostics);
}

int xt_conf_load(struct xt_conf *out, const char *name_or_path,
		 struct xt_conf_diagnostics *diagnostics)
{
	struct xt_secbuf text;
	int rc = xt_conf_load_text(out, name_or_path, &text, diagnostics);

	xt_secbuf_clear(&text);
	return rc;
}

int xt_conf_reload_text(struct xt_conf *out, const char *path, struct xt_secbuf *text,
			struct xt_conf_diagnostics *diagnostics)
{
	*text = XT_SECBUF_INIT(XT_CONF_FILE_MAX + 1);
	return conf_load(out, path, text, true, diagnostics);
}

int xt_conf_reload(struct xt_conf *out, const char *path, struct xt_conf_diagnostics *diagnostics)
{
	struct xt_secbuf text;
	int rc = xt_conf_reload_text(out, path, &text, diagnostics);

	xt_secbuf_clear(&text);
	return rc;
}
