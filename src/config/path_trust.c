/* SPDX-License-Identifier: MIT */
/* The walk along a path, component by component as the kernel resolves it: a user that may write a
 * directory can replace what is in it, and the owner of a link decides where it leads. */
#include "config/path_trust.h"

#include <xtunnel/error.h>

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX    40
#define UID_OVERFLOW 65534u /* what the kernel shows for a user outside of the namespace */

/* at    the directory reached so far, without links; "" is the root
 * rest  what is left to resolve */
struct walk {
	char at[PATH_MAX], rest[PATH_MAX];
	unsigned links;
	xt_path_visit *visit;
	void *ctx;
};

static void walk_up(struct walk *w)
{
	char *slash = strrchr(w->at, '/');

	if (slash)
		*slash = '\0';
}

/* Move the first component of rest to name. false: rest holds none. */
static bool component_take(struct walk *w, char name[NAME_MAX + 1])
{
	size_t skip = strspn(w->rest, "/"), len = strcspn(w->rest + skip, "/");

	if (!len || len > NAME_MAX)
		return false;
	memcpy(name, w->rest + skip, len);
	name[len] = '\0';
	skip += len;
	skip += strspn(w->rest + skip, "/");
	memmove(w->rest, w->rest + skip, strlen(w->rest + skip) + 1);
	return true;
}

/* at is a link: what it holds goes in front of rest. */
static int link_follow(struct walk *w)
{
	char target[PATH_MAX];
	ssize_t n = readlink(w->at, target, sizeof(target) - 1);
	size_t rest = strlen(w->rest);

	if (n < 0)
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)n + 1 + rest >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, target, (size_t)n);
	w->rest[n] = '/';
	if (target[0] == '/')
		w->at[0] = '\0';
	else
		walk_up(w);
	return 0;
}

static int component_walk(struct walk *w, const char *name)
{
	size_t len = strlen(w->at);
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		walk_up(w);
		return 0;
	}
	if (len + 1 + strlen(name) >= sizeof(w->at))
		return -ENAMETOOLONG;
	w->at[len] = '/';
	strcpy(w->at + len + 1, name);
	if (lstat(w->at, &st) < 0)
		return -errno;
	if (!w->visit(w->ctx, w->at, &st, !*w->rest && !S_ISLNK(st.st_mode)))
		return -ECANCELED;
	return S_ISLNK(st.st_mode) ? link_follow(w) : 0;
}

int xt_path_walk(const char *path, xt_path_visit *visit, void *ctx)
{
	struct walk w = {.visit = visit, .ctx = ctx};
	char name[NAME_MAX + 1], here[PATH_MAX] = "";
	struct stat st;
	int rc = 0;

	if (path[0] != '/' && !getcwd(here, sizeof(here)))
		return -errno;
	int n = snprintf(w.rest, sizeof(w.rest), "%s/%s", here, path);
	if (n < 0 || (size_t)n >= sizeof(w.rest))
		return -ENAMETOOLONG;
	if (lstat("/", &st) < 0)
		return -errno;
	if (!visit(ctx, "/", &st, strspn(w.rest, "/") == strlen(w.rest)))
		return -ECANCELED;
	while (rc == 0 && component_take(&w, name))
		rc = component_walk(&w, name);
	return rc < 0 || !*w.rest ? rc : -ENAMETOOLONG;
}

char *xt_path_beside(const char *file, const char *path)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	char *out = NULL;

	if (path[0] == '/' || !slash)
		return strdup(path);
	if (asprintf(&out, "%.*s/%s", (int)(slash - file), file, path) < 0)
		return NULL;
	return out;
}

int xt_path_key_file(char **out, const char *file, const char *path)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	*out = NULL;
	if (path[0] != '%' || path[1] != 'd' || (path[2] != '/' && path[2] != '\0')) {
		*out = xt_path_beside(file, path);
		return *out ? 0 : XT_E_NOMEM;
	}
	if (!credentials || credentials[0] != '/')
		return -ENXIO;
	if (asprintf(out, "%s%s", credentials, path + 2) < 0) {
		*out = NULL;
		return XT_E_NOMEM;
	}
	return 0;
}

bool xt_path_owner_is_outside(uid_t uid)
{
	unsigned long first, outside, n;
	bool mapped = uid != UID_OVERFLOW;
	FILE *map = mapped ? NULL : fopen("/proc/self/uid_map", "re");

	if (!map)
		return false;
	while (!mapped && fscanf(map, "%lu %lu %lu", &first, &outside, &n) == 3)
		mapped = uid >= first && uid - first < n;
	fclose(map);
	return !mapped;
}

static bool component_judge(void *ctx, const char *path, const struct stat *st, bool last)
{
	struct xt_path_fault *fault = ctx;
	bool link = S_ISLNK(st->st_mode), sticky = (st->st_mode & S_ISVTX) && !last;

	if (st->st_uid != 0 && (link || st->st_uid != geteuid()) &&
	    !xt_path_owner_is_outside(st->st_uid)) {
		snprintf(fault->sentence, sizeof(fault->sentence),
			 "%s: this %s belongs to user %u, who could replace what is in it", path,
			 link ? "link" : "directory", (unsigned)st->st_uid);
		return false;
	}
	if (link)
		return true;
	if (!S_ISDIR(st->st_mode)) {
		snprintf(fault->sentence, sizeof(fault->sentence), "%s: not a directory", path);
		return false;
	}
	if (!(st->st_mode & (S_IWGRP | S_IWOTH)) || sticky)
		return true;
	snprintf(fault->sentence, sizeof(fault->sentence),
		 "%s: other users may write to this directory (mode %04o)", path,
		 (unsigned)st->st_mode & 07777);
	snprintf(fault->remedy, sizeof(fault->remedy), "chmod %o %s", (unsigned)st->st_mode & 0755,
		 path);
	return false;
}

int xt_path_judge_directory(const char *path, struct xt_path_fault *fault)
{
	*fault = (struct xt_path_fault){0};
	int rc = xt_path_walk(path, component_judge, fault);

	return rc == -ECANCELED ? -EPERM : rc;
}
