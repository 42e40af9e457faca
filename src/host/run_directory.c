/* SPDX-License-Identifier: MIT */
/* The run directory and its marks, files NAME.tun that hold the owner's number. */
#include "host/run_directory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/path_trust.h"

int xt_run_directory_make(const char *dir)
{
	struct xt_path_fault fault;
	mode_t old = umask(022); /* other users may see that an instance runs */
	int rc = mkdir(dir, geteuid() == 0 ? 0755 : 0700) < 0 && errno != EEXIST ? -errno : 0;

	umask(old);
	return rc < 0 ? rc : xt_path_judge_directory(dir, &fault);
}

int xt_run_directory_remove(const char *path, dev_t dev, ino_t ino)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	if (st.st_dev != dev || st.st_ino != ino)
		return -ENOENT;
	return unlink(path) < 0 ? -errno : 0;
}

static bool mark_path(char path[PATH_MAX], const char *dir, const char *name)
{
	int n = dir ? snprintf(path, PATH_MAX, "%s/%s.tun", dir, name) : -1;

	return n > 0 && n < PATH_MAX;
}

void xt_run_directory_mark(const char *dir, const char *name, uint32_t owner_uid)
{
	char path[PATH_MAX];
	FILE *file;

	if (!mark_path(path, dir, name))
		return;
	(void)unlink(path);
	file = fopen(path, "wxe");
	if (!file)
		return;
	fprintf(file, "%u\n", (unsigned)owner_uid);
	fclose(file);
}

void xt_run_directory_unmark(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (mark_path(path, dir, name))
		(void)unlink(path);
}

bool xt_run_directory_marked(const char *dir, const char *name, uint32_t *owner_uid)
{
	char path[PATH_MAX], line[24];
	uint64_t uid = UINT32_MAX;
	FILE *file = mark_path(path, dir, name) ? fopen(path, "re") : NULL;

	if (!file)
		return false;
	if (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!xt_number(&uid, line, UINT32_MAX, false))
			uid = UINT32_MAX;
	}
	fclose(file);
	*owner_uid = (uint32_t)uid;
	return true;
}
