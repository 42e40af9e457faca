/* SPDX-License-Identifier: MIT */
/* The stand-in of a program that is linked statically (XT_STATIC): what would be loaded is a part
 * of it, or absent. dlopen of a static program needs the very C library that it was linked with. */
#ifdef XT_HAVE_NSS
#include <nss.h>
#endif
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "platform/library.h"

#ifdef XT_STATIC_IPSECMB
void imb_get_version(void), imb_get_mb_mgr_size(void), imb_set_pointers_mb_mgr(void),
    init_mb_mgr_auto(void);
#endif

/* Of the only library that can be a part of the program. */
static const struct {
	const char *name;
	void (*function)(void);
} symbols[] = {
#ifdef XT_STATIC_IPSECMB
    {"imb_get_version", imb_get_version},
    {"imb_get_mb_mgr_size", imb_get_mb_mgr_size},
    {"imb_set_pointers_mb_mgr", imb_set_pointers_mb_mgr},
    {"init_mb_mgr_auto", init_mb_mgr_auto},
#endif
    {NULL, NULL},
};

void *xt_library_load(const char *file)
{
	static char ipsecmb;

	return symbols[0].name && strcmp(file, "libIPSec_MB.so.1") == 0 ? &ipsecmb : NULL;
}

void *xt_library_symbol(void *library, const char *name)
{
	void *found = NULL;

	(void)library;
	for (size_t i = 0; symbols[i].name && !found; i++) {
		if (strcmp(symbols[i].name, name) == 0)
			memcpy(&found, &symbols[i].function, sizeof(found));
	}
	return found;
}

void xt_library_unload(void *library)
{
	(void)library;
}

bool xt_library_file(const char *prefix, char out[XT_LIBRARY_FILE])
{
	(void)prefix;
	(void)out;
	return false;
}

/* The pages are of the program's file, which this process may no longer read. */
void xt_library_trim(const char *prefix)
{
	(void)prefix;
}

#ifdef XT_HAVE_NSS
/* glibc has the services files and dns in itself. Others of nsswitch.conf it would load, from a C
 * library that may be another one: users, groups and hosts are those of /etc, and of DNS.
 * musl knows nothing else. */
__attribute__((constructor)) static void services_limit(void)
{
	(void)__nss_configure_lookup("passwd", "files");
	(void)__nss_configure_lookup("group", "files");
	(void)__nss_configure_lookup("services", "files");
	(void)__nss_configure_lookup("hosts", "files dns");
}
#endif
