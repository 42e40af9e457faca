/* new: both ends' ready files, so that two hosts are linked by one command and one copy. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/term.h"
#include "config/conf.h"
#include "config/newconf.h"
#include "crypto/dh.h"
#include "crypto/init.h"

enum { DIR, PORT };
const struct xt_option xt_new_options[] = {
    {'o', "dir", "DIR", "where the files go (here)"},
    {'p', "port", "N", "UDP port of both ends (51820); HOST:N says it for one"},
    {0},
};
const char xt_text_new[] =
    "\nA and B are how the ends reach each other: NAME, NAME:PORT, ADDRESS or [ADDRESS]:PORT.\n"
    "Keys, a pre-shared key and inner addresses are made up; a file is called like the first\n"
    "label of its host, and so is the interface. Existing files are never overwritten.\n";

struct file {
	char path[PATH_MAX];
	char name[16];
	char *text;
	int fd;
};

static void make_keys(struct xt_newconf *new)
{
	for (int i = 0; i < 2; i++) {
		struct xt_newconf_end *end = &new->end[i];

		randombytes_buf(end->private_key.b, sizeof(end->private_key.b));
		xt_dh_clamp(&end->private_key);
		xt_dh_public(&end->public_key, &end->private_key);
	}
	randombytes_buf(new->psk.b, sizeof(new->psk.b));
}

/* The label, cut to what an interface can be called. */
static bool name_file(struct file *file, const struct xt_newconf_end *end, const char *dir)
{
	char label[64];
	int n;

	xt_newconf_label(end, label);
	snprintf(file->name, sizeof(file->name), "%.15s", label);
	if (!xt_conf_name_valid(file->name)) {
		xt_message("%s: no name for an interface can be made of this host", end->host);
		return false;
	}
	n = snprintf(file->path, sizeof(file->path), "%s%s%s.conf", dir ? dir : "", dir ? "/" : "",
		     file->name);
	return n > 0 && (size_t)n < sizeof(file->path);
}

static int create(struct file *file)
{
	file->fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->fd >= 0)
		return 0;
	xt_message("%s: %s", file->path, strerror(errno));
	if (errno == EEXIST)
		xt_hint(
		    "nothing is overwritten: move it away, or choose another directory with -o");
	return -errno;
}

static int write_text(const struct file *file)
{
	size_t len = strlen(file->text), at = 0;

	while (at < len) {
		ssize_t n = write(file->fd, file->text + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			xt_message("%s: %s", file->path, strerror(n < 0 ? errno : ENOSPC));
			return -1;
		}
		at += (size_t)n;
	}
	if (fsync(file->fd) < 0 && errno != EINVAL && errno != EROFS) {
		xt_message("%s: %s", file->path, strerror(errno));
		return -1;
	}
	return 0;
}

/* Both or none. */
static int write_files(struct file files[2])
{
	int rc = create(&files[0]);

	if (rc < 0)
		return rc;
	rc = create(&files[1]);
	if (rc == 0)
		rc = write_text(&files[0]);
	if (rc == 0)
		rc = write_text(&files[1]);
	for (int i = 0; i < 2; i++) {
		if (files[i].fd < 0)
			continue;
		close(files[i].fd);
		if (rc < 0)
			unlink(files[i].path);
	}
	return rc;
}

static void say_next(const struct xt_newconf *new, const struct file files[2])
{
	printf("%s\n%s\n", files[0].path, files[1].path);
	fflush(stdout);
	xt_message("each file holds its end's private key; what is next:");
	for (int i = 0; i < 2; i++)
		xt_hint(
		    "%s goes to %s as /etc/xtunnel/%s.conf (mode 0600), UDP port %u open; there: "
		    "sudo xtunnel up %s",
		    files[i].path, new->end[i].host, files[i].name, (unsigned)new->end[i].port,
		    files[i].name);
}

static int make(struct xt_newconf *new, const char *dir)
{
	struct file files[2] = {{.fd = -1}, {.fd = -1}};
	char *texts[2] = {NULL, NULL};
	int rc;

	if (!name_file(&files[0], &new->end[0], dir) || !name_file(&files[1], &new->end[1], dir))
		return XT_EXIT_USAGE;
	if (strcmp(files[0].name, files[1].name) == 0)
		return xt_fail(XT_EXIT_USAGE, "both ends would be called %s: name one differently",
			       files[0].name);
	make_keys(new);
	rc = xt_newconf_text(new, texts);
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc));
	files[0].text = texts[0];
	files[1].text = texts[1];
	rc = write_files(files);
	for (int i = 0; i < 2; i++) {
		xt_wipe(texts[i], strlen(texts[i]));
		free(texts[i]);
	}
	if (rc == 0)
		say_next(new, files);
	return rc < 0 ? XT_EXIT_FAILURE : XT_EXIT_OK;
}

int xt_cmd_new(const struct xt_args *args)
{
	struct xt_newconf new;
	uint64_t port;
	int bad = 0, rc, status;

	if (!xt_args_number(args, PORT, 1, 65535, 0, &port))
		return XT_EXIT_USAGE;
	rc = xt_newconf_init(&new, args->operands[0], args->operands[1], &bad);
	if (rc == XT_E_EXISTS)
		return xt_fail(XT_EXIT_USAGE, "both ends are the same host");
	if (rc < 0) {
		xt_message("%.100s: no host", args->operands[bad]);
		xt_hint("NAME, NAME:PORT, ADDRESS, or [ADDRESS]:PORT are expected");
		return XT_EXIT_USAGE;
	}
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "the cryptographic library does not work");
	for (int i = 0; i < 2 && port; i++) {
		if (new.end[i].port == 51820)
			new.end[i].port = (uint16_t)port;
	}
	status = make(&new, args->given[DIR] ? args->value[DIR] : NULL);
	xt_wipe(&new, sizeof(new));
	return status;
}
