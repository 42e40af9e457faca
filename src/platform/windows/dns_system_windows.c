/* SPDX-License-Identifier: MIT */
/* Name servers by SetInterfaceDnsSettings, which Windows has from version 2004 on and which is
 * therefore asked for at run time; rules of the NRPT in the registry, where the DNS client's
 * service reads them. */
#include "platform/windows/dns_windows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/bytes.h"
#include "platform/windows/system_windows.h"

#include <iphlpapi.h>
#include <netioapi.h>

/* DNS_INTERFACE_SETTINGS, version 1 */
struct dns_settings {
	ULONG version;
	ULONG64 flags;
	wchar_t *domain, *servers, *search;
	ULONG register_enabled, register_name, llmnr, query_name;
	wchar_t *profile_servers;
};
#define SETTINGS_VERSION 1u
#define SETTING_IPV6	 1u
#define SETTING_SERVERS	 2u
#define SETTING_SEARCH	 4u

typedef DWORD(WINAPI settings_call)(GUID id, struct dns_settings *settings);
typedef void(WINAPI settings_release)(struct dns_settings *settings);
typedef BOOL(WINAPI cache_flush)(void);

#define RULES		L"SYSTEM\\CurrentControlSet\\Services\\Dnscache\\Parameters\\DnsPolicyConfig"
#define RULE_VERSION	2u
#define RULE_BY_SERVERS 8u /* ConfigOptions: GenericDNSServers is set */

static void function_get(const wchar_t *file, const char *name, void *out, size_t size)
{
	HMODULE library = LoadLibraryExW(file, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	FARPROC found = library ? GetProcAddress(library, name) : NULL;

	memcpy(out, &found, size);
}

static int interface_guid(unsigned ifindex, GUID *out)
{
	NET_LUID luid;
	DWORD code = ConvertInterfaceIndexToLuid(ifindex, &luid);

	if (code == NO_ERROR)
		code = ConvertInterfaceLuidToGuid(&luid, out);
	return code == NO_ERROR ? 0 : -ENODEV;
}

static int system_get(unsigned ifindex, uint8_t family, struct xt_dns_settings *out)
{
	struct dns_settings settings = {.version = SETTINGS_VERSION,
					.flags = family == 6 ? SETTING_IPV6 : 0};
	settings_call *get;
	settings_release *release;
	GUID id;
	int rc = interface_guid(ifindex, &id);

	memset(out, 0, sizeof(*out));
	function_get(L"iphlpapi.dll", "GetInterfaceDnsSettings", &get, sizeof(get));
	function_get(L"iphlpapi.dll", "FreeInterfaceDnsSettings", &release, sizeof(release));
	if (rc < 0 || !get || !release)
		return rc < 0 ? rc : -EOPNOTSUPP;
	rc = xt_win_error(get(id, &settings));
	if (rc < 0)
		return rc;
	if (settings.servers && !xt_win_utf8(out->servers, sizeof(out->servers), settings.servers))
		rc = -EINVAL;
	if (settings.search && !xt_win_utf8(out->domains, sizeof(out->domains), settings.search))
		rc = -EINVAL;
	release(&settings);
	return rc;
}

static int system_set(unsigned ifindex, uint8_t family, const struct xt_dns_settings *in)
{
	wchar_t servers[XT_DNS_TEXT], search[XT_DNS_TEXT];
	struct dns_settings settings = {.version = SETTINGS_VERSION,
					.flags = SETTING_SERVERS | SETTING_SEARCH |
						 (family == 6 ? SETTING_IPV6 : 0),
					.servers = servers,
					.search = search};
	settings_call *set;
	GUID id;
	int rc = interface_guid(ifindex, &id);

	function_get(L"iphlpapi.dll", "SetInterfaceDnsSettings", &set, sizeof(set));
	if (rc == 0 && !set)
		rc = -EOPNOTSUPP;
	if (rc == 0 && (!xt_win_wide(servers, XT_LEN(servers), in->servers) ||
			!xt_win_wide(search, XT_LEN(search), in->domains)))
		rc = -EINVAL;
	return rc < 0 ? rc : xt_win_error(set(id, &settings));
}

/* The key of the rule of an interface: the same one in every process. */
static void rule_path(wchar_t *out, size_t n, const char *name)
{
	GUID id;

	xt_win_guid(&id, "nrpt", name);
	_snwprintf(out, n, RULES L"\\{%08lX-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", id.Data1,
		   id.Data2, id.Data3, id.Data4[0], id.Data4[1], id.Data4[2], id.Data4[3],
		   id.Data4[4], id.Data4[5], id.Data4[6], id.Data4[7]);
	out[n - 1] = L'\0';
}

static LSTATUS number_put(HKEY key, const wchar_t *name, DWORD value)
{
	return RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&value, sizeof(value));
}

static LSTATUS rule_write(HKEY key, const struct xt_dns_rule *rule)
{
	wchar_t names[XT_DNS_TEXT], servers[XT_DNS_TEXT];
	LSTATUS status;

	/* domains and addresses are ASCII */
	for (size_t i = 0; i < rule->len; i++)
		names[i] = (unsigned char)rule->names[i];
	if (!xt_win_wide(servers, XT_LEN(servers), rule->servers))
		return ERROR_INVALID_DATA;
	status = number_put(key, L"Version", RULE_VERSION);
	if (status == ERROR_SUCCESS)
		status = number_put(key, L"ConfigOptions", RULE_BY_SERVERS);
	if (status == ERROR_SUCCESS)
		status = RegSetValueExW(key, L"GenericDNSServers", 0, REG_SZ, (const BYTE *)servers,
					(DWORD)((wcslen(servers) + 1) * sizeof(wchar_t)));
	if (status == ERROR_SUCCESS)
		status = RegSetValueExW(key, L"Name", 0, REG_MULTI_SZ, (const BYTE *)names,
					(DWORD)(rule->len * sizeof(wchar_t)));
	return status;
}

static int system_rule_remove(const char *name)
{
	wchar_t path[256];

	rule_path(path, XT_LEN(path), name);
	return xt_win_error((unsigned long)RegDeleteTreeW(HKEY_LOCAL_MACHINE, path));
}

static int system_rule_set(const char *name, const struct xt_dns_rule *rule)
{
	wchar_t path[256];
	LSTATUS status;
	HKEY key;

	rule_path(path, XT_LEN(path), name);
	status = RegCreateKeyExW(HKEY_LOCAL_MACHINE, path, 0, NULL, 0, KEY_WRITE, NULL, &key, NULL);
	if (status != ERROR_SUCCESS)
		return xt_win_error((unsigned long)status);
	status = rule_write(key, rule);
	RegCloseKey(key);
	if (status != ERROR_SUCCESS)
		(void)system_rule_remove(name);
	return xt_win_error((unsigned long)status);
}

static void system_flush(void)
{
	cache_flush *flush;

	function_get(L"dnsapi.dll", "DnsFlushResolverCache", &flush, sizeof(flush));
	if (flush)
		(void)flush();
}

static const struct xt_dns_ops ops = {
    .get = system_get,
    .set = system_set,
    .rule_set = system_rule_set,
    .rule_remove = system_rule_remove,
    .flush = system_flush,
};

const struct xt_dns_ops *xt_dns_windows(void)
{
	return &ops;
}
