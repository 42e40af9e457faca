/* SPDX-License-Identifier: MIT */
/* A double of bcryptprimitives.dll, for programs in Go under a wine that lacks it: the one function
 * that Go's runtime calls. */
#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *bytes, SIZE_T len)
{
	return len <= 0x7fffffff && RtlGenRandom(bytes, (ULONG)len);
}
