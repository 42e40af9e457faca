/* SPDX-License-Identifier: MIT */
/* Interfaces by their aliases, and their addresses. */
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#include "platform/windows/names_windows.h"
#include "platform/windows/system_windows.h"

#include <iphlpapi.h>
#include <netioapi.h>

#include <net/if.h>

#define ALIAS 257 /* IF_MAX_STRING_SIZE, and the NUL */

unsigned xt_posix_nametoindex(const char *name)
{
	wchar_t alias[ALIAS];
	NET_IFINDEX index = 0;
	NET_LUID luid;
	unsigned made;

	if (xt_names_find(name, &made))
		return made;
	if (!xt_win_wide(alias, ALIAS, name) || ConvertInterfaceAliasToLuid(alias, &luid) != 0 ||
	    ConvertInterfaceLuidToIndex(&luid, &index) != 0)
		return 0;
	return (unsigned)index;
}

char *xt_posix_indextoname(unsigned ifindex, char name[IF_NAMESIZE])
{
	wchar_t alias[ALIAS];
	NET_LUID luid;

	if (ConvertInterfaceIndexToLuid(ifindex, &luid) != 0 ||
	    ConvertInterfaceLuidToAlias(&luid, alias, ALIAS) != 0 ||
	    !xt_win_utf8(name, IF_NAMESIZE, alias))
		return NULL;
	return name;
}

/* One allocation: the entry, both addresses and the name. */
struct entry {
	struct ifaddrs ifa;
	struct sockaddr_storage address, netmask;
	char name[IF_NAMESIZE];
};

static void mask_fill(uint8_t *mask, size_t len, unsigned bits)
{
	for (size_t i = 0; i < len; i++) {
		unsigned n = bits > 8 * i ? bits - 8 * (unsigned)i : 0;

		mask[i] = (uint8_t)(n >= 8 ? 0xff : 0xff00u >> n);
	}
}

static struct entry *entry_new(const IP_ADAPTER_ADDRESSES *adapter,
			       const IP_ADAPTER_UNICAST_ADDRESS *at)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	struct sockaddr *address = at->Address.lpSockaddr;

	if (!entry || (size_t)at->Address.iSockaddrLength > sizeof(entry->address)) {
		free(entry);
		return NULL;
	}
	memcpy(&entry->address, address, (size_t)at->Address.iSockaddrLength);
	entry->netmask.ss_family = entry->address.ss_family;
	if (address->sa_family == AF_INET)
		mask_fill((uint8_t *)&((struct sockaddr_in *)&entry->netmask)->sin_addr, 4,
			  at->OnLinkPrefixLength);
	else if (address->sa_family == AF_INET6)
		mask_fill((uint8_t *)&((struct sockaddr_in6 *)&entry->netmask)->sin6_addr, 16,
			  at->OnLinkPrefixLength);
	(void)xt_posix_indextoname(adapter->IfIndex ? adapter->IfIndex : adapter->Ipv6IfIndex,
				   entry->name);
	entry->ifa.ifa_name = entry->name;
	entry->ifa.ifa_addr = (struct sockaddr *)&entry->address;
	entry->ifa.ifa_netmask = (struct sockaddr *)&entry->netmask;
	entry->ifa.ifa_flags = (adapter->OperStatus == IfOperStatusUp ? IFF_UP : 0) |
			       (adapter->IfType == IF_TYPE_SOFTWARE_LOOPBACK ? IFF_LOOPBACK : 0);
	return entry;
}

static IP_ADAPTER_ADDRESSES *adapters_read(void)
{
	const ULONG flags =
	    GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
	IP_ADAPTER_ADDRESSES *all = NULL;
	ULONG len = 32768, rc = ERROR_BUFFER_OVERFLOW;

	for (int i = 0; i < 4 && rc == ERROR_BUFFER_OVERFLOW; i++) {
		free(all);
		all = malloc(len);
		if (!all)
			break;
		rc = GetAdaptersAddresses(AF_UNSPEC, flags, NULL, all, &len);
	}
	if (rc == 0)
		return all;
	free(all);
	errno = -xt_win_error(rc);
	return NULL;
}

int getifaddrs(struct ifaddrs **out)
{
	IP_ADAPTER_ADDRESSES *all = adapters_read();

	*out = NULL;
	if (!all)
		return -1;
	for (const IP_ADAPTER_ADDRESSES *adapter = all; adapter; adapter = adapter->Next)
		for (const IP_ADAPTER_UNICAST_ADDRESS *at = adapter->FirstUnicastAddress; at;
		     at = at->Next) {
			struct entry *entry = entry_new(adapter, at);

			if (!entry)
				continue;
			entry->ifa.ifa_next = *out;
			*out = &entry->ifa;
		}
	free(all);
	return 0;
}

void freeifaddrs(struct ifaddrs *all)
{
	while (all) {
		struct ifaddrs *next = all->ifa_next;

		free(all); /* the first member of its entry */
		all = next;
	}
}
