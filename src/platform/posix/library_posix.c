/* SPDX-License-Identifier: MIT */
/* Shared libraries by dlopen. */
#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/library.h"

void *xt_library_load(const char *file)
{
	return dlopen(file, RTLD_NOW | RTLD_LOCAL);
}

void *xt_library_symbol(void *library, const char *name)
{
	return dlsym(library, name);
}

void xt_library_unload(void *library)
{
	(void)dlclose(library);
}

/* Segments without write permission equal the file, so dropping their pages loses nothing. */
static int library_trim(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *prefix = *(const char **)arg, *slash = strrchr(info->dlpi_name, '/');
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;

	(void)size;
	if (!slash || strncmp(slash + 1, prefix, strlen(prefix)) != 0)
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
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
