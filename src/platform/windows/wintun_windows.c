/* SPDX-License-Identifier: MIT */
/* Load wintun.dll by its full path: a library of that name in the current folder or on PATH, which
 * anybody may have put there, is never taken. */
#include "platform/windows/wintun_windows.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

#define PATH 1024

int xt_wintun_load(struct xt_wintun *out)
{
	const struct {
		const char *name;
		void *at;
	} symbols[] = {
	    {"WintunCreateAdapter", &out->create},
	    {"WintunOpenAdapter", &out->open},
	    {"WintunCloseAdapter", &out->close},
	    {"WintunGetAdapterLUID", &out->luid},
	    {"WintunGetRunningDriverVersion", &out->version},
	    {"WintunStartSession", &out->start},
	    {"WintunEndSession", &out->end},
	    {"WintunGetReadWaitEvent", &out->wait},
	    {"WintunReceivePacket", &out->receive},
	    {"WintunReleaseReceivePacket", &out->release},
	    {"WintunAllocateSendPacket", &out->allocate},
	    {"WintunSendPacket", &out->send},
	};
	wchar_t path[PATH];

	memset(out, 0, sizeof(*out));
	if (!xt_win_beside(path, PATH, L"wintun.dll"))
		return -ENOENT;
	out->library = LoadLibraryExW(
	    path, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
	if (!out->library)
		return xt_win_last();
	for (size_t i = 0; i < XT_LEN(symbols); i++) {
		FARPROC found = GetProcAddress(out->library, symbols[i].name);

		if (!found) {
			xt_wintun_unload(out);
			return -EOPNOTSUPP;
		}
		memcpy(symbols[i].at, &found, sizeof(found));
	}
	return 0;
}

void xt_wintun_unload(struct xt_wintun *wintun)
{
	if (wintun->library)
		(void)FreeLibrary(wintun->library);
	wintun->library = NULL;
}
