/* SPDX-License-Identifier: MIT */
/* new: write the configuration files of both ends of a new tunnel. */
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
#include "cli/networks.h"
#include "cli/term.h"
#include "config/conf.h"
#include "config/newconf.h"
#include "crypto/dh.h"
#include "crypto/init.h"

enum { DIR, PORT, ADDRESS };
const struct xt_option xt_new_options[] = {
    {'o', "dir", "DIR", "directory of the files (.)"},
    {'p', "port", "N", "UDP port of both ends (51820); HOST:N sets it for one"},
    {'a', "address", "NETWORKS", "inner networks (free ones on this host): 10.9.0.0/24,fd09::/64"},
    {0},
};
const char xt_text_new[] =
    "\nA and B are the hosts as the ends reach each other: NAME, NAME:PORT, ADDRESS or\n"
    "[ADDRESS]:PORT. Private keys, a pre-shared key and inner addresses are generated. File and\n"
    "interface are named after the first label of the host. Existing files are never overwritten.\n"
    "A bare name, without a dot, is an end that the other one cannot reach: it gets no Endpoint, and\n"
    "keeps the way open by PersistentKeepalive.\n";

struct file {
	char path[PATH_MAX];
	char name[16];
	char *text;
	int fd;
};

static void tunnel_make_keys(struct xt_newconf *new)
{
	for (int i = 0; i < 2; i++) {
		struct xt_newconf_end *end = &new->end[i];

		randombytes_buf(end->private_key.b, sizeof(end->private_key.b));
		xt_dh_clamp(&end->private_key);
		xt_dh_public(&end->public_key, &end->private_key);
	}
	randombytes_buf(new->psk.b, sizeof(new->psk.b));
}

/* The label, cut to the length of an interface name. */
static bool file_set_name(struct file *file, const struct xt_newconf_end *end, const char *dir)
{
	char label[64];
	int n;

	xt_newconf_label(end, label);
	snprintf(file->name, sizeof(file->name), "%.15s", label);
	if (!xt_conf_name_valid(file->name) || xt_conf_name_reserved(file->name) ||
	    strcmp(file->name, "lo") == 0) {
		xt_message("%s: cannot derive an interface name from this host", end->host);
		return false;
	}
	n = snprintf(file->path, sizeof(file->path), "%s%s%s.conf", dir ? dir : "", dir ? "/" : "",
		     file->name);
	return n > 0 && (size_t)n < sizeof(file->path);
}

static int file_create(struct file *file)
{
	file->fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->fd >= 0)
		return 0;
	xt_message("%s: %s", file->path, strerror(errno));
	if (errno == EEXIST)
		xt_hint(
		    "existing files are not overwritten: move it, or choose another directory with -o");
	return -errno;
}

static int file_write(const struct file *file)
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

/* Both files or neither. */
static int files_write(struct file files[2])
{
	int rc = file_create(&files[0]);

	if (rc < 0)
		return rc;
	rc = file_create(&files[1]);
	if (rc == 0)
		rc = file_write(&files[0]);
	if (rc == 0)
		rc = file_write(&files[1]);
	for (int i = 0; i < 2; i++) {
		if (files[i].fd < 0)
			continue;
		close(files[i].fd);
		if (rc < 0)
			unlink(files[i].path);
	}
	return rc;
}

static void next_steps_print(const struct xt_newconf *new, const struct file files[2])
{
	printf("%s\n%s\n", files[0].path, files[1].path);
	fflush(stdout);
	xt_message("each file holds the private key of its end; next steps:");
	for (int i = 0; i < 2; i++) {
		char port[32] = "";

		if (new->end[i].reachable)
			snprintf(port, sizeof(port), ", open UDP port %u",
				 (unsigned)new->end[i].port);
		xt_hint("copy %s to %s as /etc/xtunnel/%s.conf (mode 0600)%s and run there: sudo "
			"xtunnel up %s",
			files[i].path, new->end[i].host, files[i].name, port, files[i].name);
	}
	if (!new->end[0].reachable && !new->end[1].reachable)
		xt_hint("%s and %s are bare names: write an Endpoint into one of the files",
			new->end[0].host, new->end[1].host);
}

static int tunnel_make(struct xt_newconf *new, const char *dir)
{
	struct file files[2] = {{.fd = -1}, {.fd = -1}};
	char *texts[2] = {NULL, NULL};
	int rc;

	if (!file_set_name(&files[0], &new->end[0], dir) ||
	    !file_set_name(&files[1], &new->end[1], dir))
		return XT_EXIT_USAGE;
	if (strcmp(files[0].name, files[1].name) == 0)
		return xt_fail(XT_EXIT_USAGE,
			       "both interfaces would be named %s: use another name for one host",
			       files[0].name);
	tunnel_make_keys(new);
	rc = xt_newconf_text(new, texts);
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc));
	files[0].text = texts[0];
	files[1].text = texts[1];
	rc = files_write(files);
	for (int i = 0; i < 2; i++) {
		xt_wipe(texts[i], strlen(texts[i]));
		free(texts[i]);
	}
	if (rc == 0)
		next_steps_print(new, files);
	return rc < 0 ? XT_EXIT_FAILURE : XT_EXIT_OK;
}

static bool network_used(void *networks, const struct xt_cidr *net)
{
	return xt_networks_overlap(networks, net);
}

/* The inner networks: those of --address, else free ones. */
static int networks_set(struct xt_newconf *new, const struct xt_args *args)
{
	struct xt_networks networks;
	const char *why = NULL;
	int rc;

	if (args->given[ADDRESS]) {
		why = xt_newconf_address(new, args->value[ADDRESS]);
		if (!why)
			return XT_EXIT_OK;
		xt_message("new --address %.80s: %s", args->value[ADDRESS], why);
		xt_hint("expected for example 10.9.0.0/24 or 10.9.0.0/24,fd09::/64");
		return XT_EXIT_USAGE;
	}
	rc = xt_networks_read(&networks);
	if (rc == 0)
		rc = xt_newconf_choose(new, network_used, &networks);
	xt_networks_clear(&networks);
	if (rc == XT_E_FULL)
		return xt_fail(XT_EXIT_FAILURE, "no inner network is free on this host: choose one "
						"with --address");
	return rc < 0 ? xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc)) : XT_EXIT_OK;
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
		xt_message("%.100s: not a host", args->operands[bad]);
		xt_hint("expected NAME, NAME:PORT, ADDRESS or [ADDRESS]:PORT");
		return XT_EXIT_USAGE;
	}
	rc = networks_set(&new, args);
	if (rc != XT_EXIT_OK)
		return rc;
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "the cryptographic library does not work");
	for (int i = 0; i < 2 && port; i++) {
		if (new.end[i].port == 51820)
			new.end[i].port = (uint16_t)port;
	}
	status = tunnel_make(&new, args->given[DIR] ? args->value[DIR] : NULL);
	xt_wipe(&new, sizeof(new));
	return status;
}
