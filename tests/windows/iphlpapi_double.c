/* SPDX-License-Identifier: MIT */
/* A double of iphlpapi.dll for wine, which has no interfaces of Wintun and sets no addresses or
 * routes: those of adapters of the double of wintun.dll are kept in this process, beside loopback.
 * A change is written to the file that XT_DOUBLE_LOG names, a line each. It knows what the program
 * and libuv call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>
#include <ws2tcpip.h>

#include <windows.h>
#include <ws2ipdef.h>

#include "wintun_double.h"

#include <netioapi.h>

#define EXPORT	__declspec(dllexport)
#define LUID_OF WINTUN_LUID
#define INDEX	0x1000000u /* and the number of the adapter's name */
#define ROWS	256
#define LOOP	1 /* of the index and of the LUID */

static SRWLOCK lock = SRWLOCK_INIT;
static struct {
	ULONG index;
	MIB_IPINTERFACE_ROW v[2];
} interfaces[16];
static MIB_UNICASTIPADDRESS_ROW addresses[ROWS];
static MIB_IPFORWARD_ROW2 routes[ROWS];
static unsigned n_interfaces, n_addresses, n_routes;

static struct {
	PIPINTERFACE_CHANGE_CALLBACK interface_changed;
	PIPFORWARD_CHANGE_CALLBACK route_changed;
	PUNICAST_IPADDRESS_CHANGE_CALLBACK address_changed;
	void *ctx;
} callbacks[32];

/* --- the log --- */

static void log_line(const char *what, const SOCKADDR_INET *address, unsigned bits, ULONG index)
{
	const char *path = getenv("XT_DOUBLE_LOG");
	char text[INET6_ADDRSTRLEN] = "";
	FILE *file = path ? fopen(path, "a") : NULL;

	if (!file)
		return;
	if (address->si_family == AF_INET)
		inet_ntop(AF_INET, (void *)(uintptr_t)&address->Ipv4.sin_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET6, (void *)(uintptr_t)&address->Ipv6.sin6_addr, text,
			  sizeof(text));
	fprintf(file, "%s %s/%u dev %lu\n", what, text, bits, index & 0xffff);
	fclose(file);
}

/* --- names --- */

EXPORT NETIO_STATUS WINAPI ConvertInterfaceLuidToIndex(const NET_LUID *luid, NET_IFINDEX *index)
{
	*index = (luid->Value & ~0xffffffull) == LUID_OF ? INDEX | (luid->Value & 0xffffff) : LOOP;
	return luid->Value == LOOP || *index != LOOP ? NO_ERROR : ERROR_FILE_NOT_FOUND;
}

EXPORT NETIO_STATUS WINAPI ConvertInterfaceIndexToLuid(NET_IFINDEX index, NET_LUID *luid)
{
	luid->Value = index == LOOP ? LOOP : LUID_OF | (index & 0xffffff);
	return index == LOOP || (index & INDEX) ? NO_ERROR : ERROR_FILE_NOT_FOUND;
}

EXPORT NETIO_STATUS WINAPI ConvertInterfaceAliasToLuid(const WCHAR *alias, NET_LUID *luid)
{
	luid->Value = LOOP;
	return wcscmp(alias, L"Loopback") == 0 ? NO_ERROR : ERROR_INVALID_PARAMETER;
}

EXPORT NETIO_STATUS WINAPI ConvertInterfaceLuidToAlias(const NET_LUID *luid, WCHAR *alias,
						       SIZE_T len)
{
	return luid->Value == LOOP && len > 8 ? (wcscpy(alias, L"Loopback"), NO_ERROR)
					      : ERROR_FILE_NOT_FOUND;
}

EXPORT NETIO_STATUS WINAPI ConvertInterfaceLuidToGuid(const NET_LUID *luid, GUID *id)
{
	memset(id, 0, sizeof(*id));
	memcpy(id, luid, sizeof(*luid));
	return NO_ERROR;
}

EXPORT NETIO_STATUS WINAPI ConvertInterfaceLuidToNameW(const NET_LUID *luid, WCHAR *name,
						       SIZE_T len)
{
	_snwprintf(name, len, L"ethernet_%u", (unsigned)(luid->Value & 0xffffff));
	return NO_ERROR;
}

/* --- interfaces --- */

/* With the lock. NULL: no adapter, and not loopback. */
static MIB_IPINTERFACE_ROW *interface_find(ULONG index, ADDRESS_FAMILY family)
{
	unsigned f = family == AF_INET6;

	if (index != LOOP && !(index & INDEX))
		return NULL;
	for (unsigned i = 0; i < n_interfaces; i++)
		if (interfaces[i].index == index)
			return &interfaces[i].v[f];
	if (n_interfaces == 16)
		return NULL;
	interfaces[n_interfaces].index = index;
	for (int i = 0; i < 2; i++) {
		MIB_IPINTERFACE_ROW *row = &interfaces[n_interfaces].v[i];

		row->Family = i == 0 ? AF_INET : AF_INET6;
		row->InterfaceIndex = index;
		row->NlMtu = index == LOOP ? 0xffffffff : 65535;
		row->Metric = index == LOOP ? 75 : 5;
		row->UseAutomaticMetric = TRUE;
		row->Connected = TRUE;
		row->SitePrefixLength = 64;
	}
	return &interfaces[n_interfaces++].v[f];
}

EXPORT void WINAPI InitializeIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
	memset(row, 0, sizeof(*row));
}

EXPORT NETIO_STATUS WINAPI GetIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
	MIB_IPINTERFACE_ROW *found;

	AcquireSRWLockExclusive(&lock);
	found = interface_find(row->InterfaceIndex, row->Family);
	if (found)
		*row = *found;
	ReleaseSRWLockExclusive(&lock);
	return found ? NO_ERROR : ERROR_NOT_FOUND;
}

EXPORT NETIO_STATUS WINAPI SetIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
	const SOCKADDR_INET none = {.si_family = row->Family};
	MIB_IPINTERFACE_ROW *found;
	char text[64];

	/* the real one refuses the length that it returned itself for IPv4 */
	if (row->Family == AF_INET && row->SitePrefixLength > 32)
		return ERROR_INVALID_PARAMETER;
	AcquireSRWLockExclusive(&lock);
	found = interface_find(row->InterfaceIndex, row->Family);
	if (found)
		*found = *row;
	ReleaseSRWLockExclusive(&lock);
	if (!found)
		return ERROR_NOT_FOUND;
	snprintf(text, sizeof(text), "mtu %lu metric %lu%s", row->NlMtu, row->Metric,
		 row->UseAutomaticMetric ? " automatic" : "");
	log_line(text, &none, 0, row->InterfaceIndex);
	for (size_t i = 0; i < 32; i++)
		if (callbacks[i].interface_changed)
			callbacks[i].interface_changed(callbacks[i].ctx, row,
						       MibParameterNotification);
	return NO_ERROR;
}

/* --- addresses --- */

static bool address_equal(const SOCKADDR_INET *a, const SOCKADDR_INET *b)
{
	if (a->si_family != b->si_family)
		return false;
	return a->si_family == AF_INET ? memcmp(&a->Ipv4.sin_addr, &b->Ipv4.sin_addr, 4) == 0
				       : memcmp(&a->Ipv6.sin6_addr, &b->Ipv6.sin6_addr, 16) == 0;
}

EXPORT void WINAPI InitializeUnicastIpAddressEntry(MIB_UNICASTIPADDRESS_ROW *row)
{
	memset(row, 0, sizeof(*row));
	row->DadState = IpDadStateTentative;
}

static void addresses_changed(MIB_UNICASTIPADDRESS_ROW *row, MIB_NOTIFICATION_TYPE type)
{
	for (size_t i = 0; i < 32; i++)
		if (callbacks[i].address_changed)
			callbacks[i].address_changed(callbacks[i].ctx, row, type);
}

static unsigned address_find(const MIB_UNICASTIPADDRESS_ROW *row)
{
	unsigned i;

	for (i = 0; i < n_addresses; i++)
		if (address_equal(&addresses[i].Address, &row->Address))
			break;
	return i;
}

EXPORT NETIO_STATUS WINAPI CreateUnicastIpAddressEntry(const MIB_UNICASTIPADDRESS_ROW *row)
{
	MIB_UNICASTIPADDRESS_ROW copy = *row;
	NETIO_STATUS code = ERROR_OBJECT_ALREADY_EXISTS;

	AcquireSRWLockExclusive(&lock);
	if (!interface_find(row->InterfaceIndex, row->Address.si_family))
		code = ERROR_NOT_FOUND;
	else if (address_find(row) == n_addresses && n_addresses < ROWS) {
		addresses[n_addresses++] = copy;
		code = NO_ERROR;
	}
	ReleaseSRWLockExclusive(&lock);
	if (code == NO_ERROR) {
		log_line("address", &copy.Address, copy.OnLinkPrefixLength, copy.InterfaceIndex);
		addresses_changed(&copy, MibAddInstance);
	}
	return code;
}

EXPORT NETIO_STATUS WINAPI DeleteUnicastIpAddressEntry(const MIB_UNICASTIPADDRESS_ROW *row)
{
	MIB_UNICASTIPADDRESS_ROW copy = *row;
	unsigned at;
	bool found;

	AcquireSRWLockExclusive(&lock);
	at = address_find(row);
	found = at < n_addresses && addresses[at].InterfaceIndex == row->InterfaceIndex;
	if (found)
		addresses[at] = addresses[--n_addresses];
	ReleaseSRWLockExclusive(&lock);
	if (!found)
		return ERROR_NOT_FOUND;
	log_line("no address", &copy.Address, copy.OnLinkPrefixLength, copy.InterfaceIndex);
	addresses_changed(&copy, MibDeleteInstance);
	return NO_ERROR;
}

/* The host's own, so that a lookup finds loopback. */
static void loop_address(MIB_UNICASTIPADDRESS_ROW *row)
{
	InitializeUnicastIpAddressEntry(row);
	row->Address.si_family = AF_INET;
	row->Address.Ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	row->InterfaceIndex = LOOP;
	row->OnLinkPrefixLength = 8;
	row->DadState = IpDadStatePreferred;
}

EXPORT NETIO_STATUS WINAPI GetUnicastIpAddressTable(ADDRESS_FAMILY family,
						    MIB_UNICASTIPADDRESS_TABLE **out)
{
	(void)family;
	*out = calloc(1, sizeof(**out) + (ROWS + 1) * sizeof(addresses[0]));
	if (!*out)
		return ERROR_NOT_ENOUGH_MEMORY;
	AcquireSRWLockShared(&lock);
	loop_address(&(*out)->Table[0]);
	memcpy(&(*out)->Table[1], addresses, n_addresses * sizeof(addresses[0]));
	(*out)->NumEntries = n_addresses + 1;
	ReleaseSRWLockShared(&lock);
	return NO_ERROR;
}

/* --- routes --- */

EXPORT void WINAPI InitializeIpForwardEntry(MIB_IPFORWARD_ROW2 *row)
{
	memset(row, 0, sizeof(*row));
	row->Metric = 0xffffffff;
	row->ValidLifetime = row->PreferredLifetime = 0xffffffff;
}

static void routes_changed(MIB_IPFORWARD_ROW2 *row, MIB_NOTIFICATION_TYPE type)
{
	for (size_t i = 0; i < 32; i++)
		if (callbacks[i].route_changed)
			callbacks[i].route_changed(callbacks[i].ctx, row, type);
}

static unsigned route_find(const MIB_IPFORWARD_ROW2 *row)
{
	unsigned i;

	for (i = 0; i < n_routes; i++)
		if (routes[i].InterfaceIndex == row->InterfaceIndex &&
		    routes[i].DestinationPrefix.PrefixLength ==
			row->DestinationPrefix.PrefixLength &&
		    address_equal(&routes[i].DestinationPrefix.Prefix,
				  &row->DestinationPrefix.Prefix) &&
		    address_equal(&routes[i].NextHop, &row->NextHop))
			break;
	return i;
}

EXPORT NETIO_STATUS WINAPI CreateIpForwardEntry2(const MIB_IPFORWARD_ROW2 *row)
{
	MIB_IPFORWARD_ROW2 copy = *row;
	NETIO_STATUS code = ERROR_OBJECT_ALREADY_EXISTS;

	AcquireSRWLockExclusive(&lock);
	if (!interface_find(row->InterfaceIndex, row->DestinationPrefix.Prefix.si_family))
		code = ERROR_NOT_FOUND;
	else if (row->NextHop.si_family != row->DestinationPrefix.Prefix.si_family)
		code = ERROR_INVALID_PARAMETER;
	else if (route_find(row) == n_routes && n_routes < ROWS) {
		routes[n_routes++] = copy;
		code = NO_ERROR;
	}
	ReleaseSRWLockExclusive(&lock);
	if (code == NO_ERROR) {
		log_line("route", &copy.DestinationPrefix.Prefix,
			 copy.DestinationPrefix.PrefixLength, copy.InterfaceIndex);
		routes_changed(&copy, MibAddInstance);
	}
	return code;
}

EXPORT NETIO_STATUS WINAPI DeleteIpForwardEntry2(const MIB_IPFORWARD_ROW2 *row)
{
	MIB_IPFORWARD_ROW2 copy = *row;
	unsigned at;
	bool found;

	AcquireSRWLockExclusive(&lock);
	at = route_find(row);
	found = at < n_routes;
	if (found)
		routes[at] = routes[--n_routes];
	ReleaseSRWLockExclusive(&lock);
	if (!found)
		return ERROR_NOT_FOUND;
	log_line("no route", &copy.DestinationPrefix.Prefix, copy.DestinationPrefix.PrefixLength,
		 copy.InterfaceIndex);
	routes_changed(&copy, MibDeleteInstance);
	return NO_ERROR;
}

static void loop_route(MIB_IPFORWARD_ROW2 *row)
{
	InitializeIpForwardEntry(row);
	row->DestinationPrefix.Prefix.si_family = AF_INET;
	row->DestinationPrefix.Prefix.Ipv4.sin_addr.s_addr = htonl(0x7f000000);
	row->DestinationPrefix.PrefixLength = 8;
	row->NextHop.si_family = AF_INET;
	row->InterfaceIndex = LOOP;
	row->Metric = 256;
}

EXPORT NETIO_STATUS WINAPI GetIpForwardTable2(ADDRESS_FAMILY family, MIB_IPFORWARD_TABLE2 **out)
{
	(void)family;
	*out = calloc(1, sizeof(**out) + (ROWS + 1) * sizeof(routes[0]));
	if (!*out)
		return ERROR_NOT_ENOUGH_MEMORY;
	AcquireSRWLockShared(&lock);
	loop_route(&(*out)->Table[0]);
	memcpy(&(*out)->Table[1], routes, n_routes * sizeof(routes[0]));
	(*out)->NumEntries = n_routes + 1;
	ReleaseSRWLockShared(&lock);
	return NO_ERROR;
}

/* By loopback alone: no other way leads out of this host. */
EXPORT NETIO_STATUS WINAPI GetBestRoute2(NET_LUID *luid, NET_IFINDEX index,
					 const SOCKADDR_INET *source, const SOCKADDR_INET *to,
					 ULONG sort, MIB_IPFORWARD_ROW2 *route, SOCKADDR_INET *from)
{
	(void)luid;
	(void)source;
	(void)sort;
	if (index != LOOP || to->si_family != AF_INET)
		return ERROR_NOT_FOUND;
	loop_route(route);
	memset(from, 0, sizeof(*from));
	from->si_family = AF_INET;
	from->Ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return NO_ERROR;
}

EXPORT void WINAPI FreeMibTable(void *table)
{
	free(table);
}

/* --- notifications --- */

static NETIO_STATUS callback_add(PIPINTERFACE_CHANGE_CALLBACK interface_changed,
				 PIPFORWARD_CHANGE_CALLBACK route_changed,
				 PUNICAST_IPADDRESS_CHANGE_CALLBACK address_changed, void *ctx,
				 HANDLE *handle)
{
	for (size_t i = 0; i < 32; i++) {
		if (callbacks[i].interface_changed || callbacks[i].route_changed ||
		    callbacks[i].address_changed)
			continue;
		callbacks[i].ctx = ctx;
		callbacks[i].interface_changed = interface_changed;
		callbacks[i].route_changed = route_changed;
		callbacks[i].address_changed = address_changed;
		*handle = (HANDLE)(i + 1);
		return NO_ERROR;
	}
	return ERROR_NOT_ENOUGH_MEMORY;
}

EXPORT NETIO_STATUS WINAPI NotifyIpInterfaceChange(ADDRESS_FAMILY family,
						   PIPINTERFACE_CHANGE_CALLBACK callback, void *ctx,
						   BOOLEAN first, HANDLE *handle)
{
	(void)family;
	(void)first;
	return callback_add(callback, NULL, NULL, ctx, handle);
}

EXPORT NETIO_STATUS WINAPI NotifyRouteChange2(ADDRESS_FAMILY family,
					      PIPFORWARD_CHANGE_CALLBACK callback, void *ctx,
					      BOOLEAN first, HANDLE *handle)
{
	(void)family;
	(void)first;
	return callback_add(NULL, callback, NULL, ctx, handle);
}

EXPORT NETIO_STATUS WINAPI NotifyUnicastIpAddressChange(ADDRESS_FAMILY family,
							PUNICAST_IPADDRESS_CHANGE_CALLBACK callback,
							void *ctx, BOOLEAN first, HANDLE *handle)
{
	(void)family;
	(void)first;
	return callback_add(NULL, NULL, callback, ctx, handle);
}

EXPORT NETIO_STATUS WINAPI CancelMibChangeNotify2(HANDLE handle)
{
	memset(&callbacks[(size_t)handle - 1], 0, sizeof(callbacks[0]));
	return NO_ERROR;
}
