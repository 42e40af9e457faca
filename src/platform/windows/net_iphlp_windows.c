/* SPDX-License-Identifier: MIT */
/* Windows' network configuration by the IP helper. Structures are filled in by its Initialize
 * functions first, since what is not set must keep its default. */
#include "platform/windows/net_windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/windows/system_windows.h"

#include <iphlpapi.h>
#include <netioapi.h>

#define AWAIT_MS      10000
#define AWAIT_STEP_MS 20

static void address_put(SOCKADDR_INET *out, const struct xt_ip *ip)
{
	memset(out, 0, sizeof(*out));
	if (ip->family == 4) {
		out->Ipv4.sin_family = AF_INET;
		memcpy(&out->Ipv4.sin_addr, ip->b, 4);
	} else {
		out->Ipv6.sin6_family = AF_INET6;
		memcpy(&out->Ipv6.sin6_addr, ip->b, 16);
	}
}

/* false: another family. */
static bool address_get(struct xt_ip *out, const SOCKADDR_INET *in)
{
	memset(out, 0, sizeof(*out));
	if (in->si_family == AF_INET) {
		out->family = 4;
		memcpy(out->b, &in->Ipv4.sin_addr, 4);
	} else if (in->si_family == AF_INET6) {
		out->family = 6;
		memcpy(out->b, &in->Ipv6.sin6_addr, 16);
	}
	return out->family != 0;
}

static ADDRESS_FAMILY family_of(uint8_t family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

/* An interface that is not there is `not found`, as an address or a route is. */
static int interface_error(DWORD code)
{
	return code == ERROR_NOT_FOUND || code == ERROR_FILE_NOT_FOUND ||
		       code == ERROR_INVALID_PARAMETER
		   ? -ENODEV
		   : xt_win_error(code);
}

static int iphlp_luid_index(uint64_t luid, unsigned *ifindex)
{
	const NET_LUID value = {.Value = luid};
	NET_IFINDEX index;
	DWORD code = ConvertInterfaceLuidToIndex(&value, &index);

	if (code == NO_ERROR)
		*ifindex = index;
	return interface_error(code);
}

static int iphlp_alias_index(const char *alias, unsigned *ifindex)
{
	wchar_t wide[IF_MAX_STRING_SIZE + 1];
	NET_LUID luid;
	DWORD code;

	if (!xt_win_wide(wide, XT_LEN(wide), alias))
		return -EINVAL;
	code = ConvertInterfaceAliasToLuid(wide, &luid);
	return code == NO_ERROR ? iphlp_luid_index(luid.Value, ifindex) : interface_error(code);
}

static int row_get(unsigned ifindex, uint8_t family, MIB_IPINTERFACE_ROW *row)
{
	InitializeIpInterfaceEntry(row);
	row->Family = family_of(family);
	row->InterfaceIndex = ifindex;
	return interface_error(GetIpInterfaceEntry(row));
}

static int iphlp_interface_get(unsigned ifindex, uint8_t family, struct xt_net_interface *out)
{
	MIB_IPINTERFACE_ROW row;
	int rc = row_get(ifindex, family, &row);

	if (rc == 0)
		*out = (struct xt_net_interface){.mtu = row.NlMtu,
						 .metric = row.Metric,
						 .automatic = row.UseAutomaticMetric,
						 .up = row.Connected};
	return rc;
}

/* Once for each: a host whose IPv6 is off does not get it during a reload. */
static int iphlp_interface_await(unsigned ifindex, uint8_t family)
{
	static _Atomic unsigned in_vain[2];
	_Atomic unsigned *const never = &in_vain[family == 6];
	MIB_IPINTERFACE_ROW row;

	for (unsigned ms = 0; *never != ifindex && ms < AWAIT_MS; ms += AWAIT_STEP_MS) {
		if (row_get(ifindex, family, &row) == 0)
			return 0;
		Sleep(AWAIT_STEP_MS);
	}
	*never = ifindex;
	return -ETIMEDOUT;
}

static int iphlp_interface_set(unsigned ifindex, uint8_t family, const struct xt_net_interface *in)
{
	MIB_IPINTERFACE_ROW row;
	int rc = row_get(ifindex, family, &row);

	if (rc < 0)
		return rc;
	row.NlMtu = in->mtu;
	row.UseAutomaticMetric = in->automatic;
	row.Metric = in->metric;
	if (family == 4)
		row.SitePrefixLength = 0; /* as read, it is refused */
	return interface_error(SetIpInterfaceEntry(&row));
}

static int iphlp_addresses(struct xt_net_address **out, size_t *n)
{
	MIB_UNICASTIPADDRESS_TABLE *table;
	DWORD code = GetUnicastIpAddressTable(AF_UNSPEC, &table);

	*out = NULL;
	*n = 0;
	if (code != NO_ERROR)
		return code == ERROR_NOT_FOUND ? 0 : xt_win_error(code);
	*out = calloc(table->NumEntries + (size_t)1, sizeof(**out));
	for (ULONG i = 0; *out && i < table->NumEntries; i++) {
		const MIB_UNICASTIPADDRESS_ROW *row = &table->Table[i];
		struct xt_net_address *to = &(*out)[*n];

		if (!address_get(&to->cidr.ip, &row->Address))
			continue;
		to->cidr.bits = row->OnLinkPrefixLength;
		to->ifindex = row->InterfaceIndex;
		to->usable = row->DadState == IpDadStatePreferred;
		++*n;
	}
	FreeMibTable(table);
	return *out ? 0 : XT_E_NOMEM;
}

static void address_row(MIB_UNICASTIPADDRESS_ROW *row, unsigned ifindex, const struct xt_cidr *cidr)
{
	InitializeUnicastIpAddressEntry(row);
	address_put(&row->Address, &cidr->ip);
	row->InterfaceIndex = ifindex;
	row->OnLinkPrefixLength = cidr->bits;
	row->DadState = IpDadStatePreferred;
	row->ValidLifetime = row->PreferredLifetime = 0xffffffff;
}

static int iphlp_address_add(unsigned ifindex, const struct xt_cidr *cidr)
{
	MIB_UNICASTIPADDRESS_ROW row;

	address_row(&row, ifindex, cidr);
	return xt_win_error(CreateUnicastIpAddressEntry(&row));
}

static int iphlp_address_remove(unsigned ifindex, const struct xt_cidr *cidr)
{
	MIB_UNICASTIPADDRESS_ROW row;

	address_row(&row, ifindex, cidr);
	return xt_win_error(DeleteUnicastIpAddressEntry(&row));
}

static int iphlp_routes(struct xt_net_route **out, size_t *n)
{
	MIB_IPFORWARD_TABLE2 *table;
	DWORD code = GetIpForwardTable2(AF_UNSPEC, &table);

	*out = NULL;
	*n = 0;
	if (code != NO_ERROR)
		return code == ERROR_NOT_FOUND ? 0 : xt_win_error(code);
	*out = calloc(table->NumEntries + (size_t)1, sizeof(**out));
	for (ULONG i = 0; *out && i < table->NumEntries; i++) {
		const MIB_IPFORWARD_ROW2 *row = &table->Table[i];
		struct xt_net_route *to = &(*out)[*n];

		if (!address_get(&to->network.ip, &row->DestinationPrefix.Prefix))
			continue;
		to->network.bits = row->DestinationPrefix.PrefixLength;
		to->ifindex = row->InterfaceIndex;
		to->metric = row->Metric;
		if (address_get(&to->gateway, &row->NextHop)) {
			static const uint8_t none[16];

			if (memcmp(to->gateway.b, none, sizeof(none)) == 0)
				to->gateway.family = 0;
		}
		++*n;
	}
	FreeMibTable(table);
	return *out ? 0 : XT_E_NOMEM;
}

static void route_row(MIB_IPFORWARD_ROW2 *row, const struct xt_net_route *route)
{
	struct xt_ip gateway = route->gateway;

	InitializeIpForwardEntry(row);
	gateway.family = route->network.ip.family;
	address_put(&row->DestinationPrefix.Prefix, &route->network.ip);
	row->DestinationPrefix.PrefixLength = route->network.bits;
	address_put(&row->NextHop, &gateway);
	row->InterfaceIndex = route->ifindex;
	row->Metric = route->metric;
	row->Protocol = MIB_IPPROTO_NETMGMT;
}

static int iphlp_route_add(const struct xt_net_route *route)
{
	MIB_IPFORWARD_ROW2 row;

	route_row(&row, route);
	return xt_win_error(CreateIpForwardEntry2(&row));
}

static int iphlp_route_remove(const struct xt_net_route *route)
{
	MIB_IPFORWARD_ROW2 row;

	route_row(&row, route);
	return xt_win_error(DeleteIpForwardEntry2(&row));
}

static int iphlp_source(unsigned ifindex, const struct xt_ip *remote, struct xt_ip *out)
{
	SOCKADDR_INET to, from;
	MIB_IPFORWARD_ROW2 row;
	DWORD code;

	address_put(&to, remote);
	code = GetBestRoute2(NULL, ifindex, NULL, &to, 0, &row, &from);
	if (code != NO_ERROR)
		return interface_error(code);
	return address_get(out, &from) ? 0 : -EADDRNOTAVAIL;
}

static const struct xt_net_ops iphlp = {
    .luid_index = iphlp_luid_index,
    .alias_index = iphlp_alias_index,
    .interface_get = iphlp_interface_get,
    .interface_await = iphlp_interface_await,
    .interface_set = iphlp_interface_set,
    .addresses = iphlp_addresses,
    .address_add = iphlp_address_add,
    .address_remove = iphlp_address_remove,
    .routes = iphlp_routes,
    .route_add = iphlp_route_add,
    .route_remove = iphlp_route_remove,
    .source = iphlp_source,
};
static const struct xt_net_ops *current = &iphlp;

const struct xt_net_ops *xt_net(void)
{
	return current;
}

void xt_net_replace(const struct xt_net_ops *ops)
{
	current = ops ? ops : &iphlp;
}
