/* SPDX-License-Identifier: MIT */
/* The loaded libraries of a system that has ELF files. */
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/library.h"

struct loaded {
	const char *prefix;
	char *file;
};

static bool name_match(const char *path, const char *prefix)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && strncmp(slash + 1, prefix, strlen(prefix)) == 0;
}

/* The path may be a link to the file of a version. */
static int library_find(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct loaded *loaded = arg;
	char real[PATH_MAX];
	const char *name;

	(void)size;
	if (!name_match(info->dlpi_name, loaded->prefix) || !realpath(info->dlpi_name, real))
		return 0;
	name = strrchr(real, '/') + 1;
	if (strlen(name) >= XT_LIBRARY_FILE)
		return 0;
	strcpy(loaded->file, name);
	return 1;
}

bool xt_library_file(const char *prefix, char out[XT_LIBRARY_FILE])
{
	struct loaded loaded = {prefix, out};

	return dl_iterate_phdr(library_find, &loaded) != 0;
}

/* Segments without write permission equal the file, so dropping their pages loses nothing. */
static int library_trim(struct dl_phdr_info *info, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;

	(void)size;
	if (!name_match(info->dlpi_name, *(const char **)arg))
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const __typeof__(*info->dlpi_phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t from = (info->dlpi_addr + segment->p_vaddr) & ~page;
		uintptr_t to = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~page;

		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && to > from)
			(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void xt_library_trim(const char *prefix)
{
	(void)dl_iterate_phdr(library_trim, &prefix);
}
