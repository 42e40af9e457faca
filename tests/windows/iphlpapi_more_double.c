/* SPDX-License-Identifier: MIT */
/* The double of iphlpapi.dll: name servers, and what libuv and ws2_32 call. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <winsock2.h>

#include <windows.h>
#include <ifdef.h>

#define EXPORT __declspec(dllexport)

/* --- name servers --- */

/* DNS_INTERFACE_SETTINGS, version 1 */
struct dns_settings {
	ULONG version;
	ULONG64 flags;
	wchar_t *domain, *servers, *search;
	ULONG register_enabled, register_name, llmnr, query_name;
	wchar_t *profile_servers;
};
#define DNS_IPV6    1u
#define DNS_SERVERS 2u
#define DNS_SEARCH  4u

/* Of adapters by their number's last bits, which is enough for tests. */
static struct {
	wchar_t servers[256], search[256];
} dns[16][2];

EXPORT DWORD WINAPI SetInterfaceDnsSettings(GUID id, const struct dns_settings *settings)
{
	unsigned i = id.Data1 & 15, f = (settings->flags & DNS_IPV6) != 0;

	if (settings->version != 1)
		return ERROR_INVALID_PARAMETER;
	if (settings->flags & DNS_SERVERS)
		wcsncpy(dns[i][f].servers, settings->servers, 255);
	if (settings->flags & DNS_SEARCH)
		wcsncpy(dns[i][f].search, settings->search, 255);
	return NO_ERROR;
}

EXPORT DWORD WINAPI GetInterfaceDnsSettings(GUID id, struct dns_settings *settings)
{
	unsigned i = id.Data1 & 15, f = (settings->flags & DNS_IPV6) != 0;

	if (settings->version != 1)
		return ERROR_INVALID_PARAMETER;
	settings->servers = _wcsdup(dns[i][f].servers);
	settings->search = _wcsdup(dns[i][f].search);
	return NO_ERROR;
}

EXPORT void WINAPI FreeInterfaceDnsSettings(struct dns_settings *settings)
{
	free(settings->servers);
	free(settings->search);
}

/* --- what libuv and ws2_32 call --- */

EXPORT ULONG WINAPI GetAdaptersAddresses(ULONG family, ULONG flags, void *reserved, void *out,
					 ULONG *len)
{
	(void)family;
	(void)flags;
	(void)reserved;
	(void)out;
	(void)len;
	return ERROR_NO_DATA;
}

EXPORT ULONG WINAPI GetAdaptersInfo(void *out, ULONG *len)
{
	(void)out;
	(void)len;
	return ERROR_NO_DATA;
}

EXPORT DWORD WINAPI GetNetworkParams(void *out, ULONG *len)
{
	(void)out;
	(void)len;
	return ERROR_NO_DATA;
}

EXPORT NET_IFINDEX WINAPI if_nametoindex(const char *name)
{
	(void)name;
	return 0;
}

EXPORT char *WINAPI if_indextoname(NET_IFINDEX index, char *name)
{
	(void)index;
	(void)name;
	return NULL;
}
