/* SPDX-License-Identifier: MIT */
/* Names and arguments of TAP-Windows. */
#include "platform/windows/tap_windows.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static bool text_equal(const char *a, const char *b)
{
	while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

bool xt_tap_component(const char *id)
{
	static const char *const ids[] = {"tap0901", "tap0801", "root\\tap0901", "root\\tap0801"};

	for (size_t i = 0; i < XT_LEN(ids); i++)
		if (text_equal(id, ids[i]))
			return true;
	return false;
}

bool xt_tap_guid(const char *guid)
{
	static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";

	if (strlen(guid) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)guid[i]) : guid[i] != form[i])
			return false;
	return true;
}

bool xt_tap_path(char *out, size_t n, const char *guid)
{
	return (size_t)snprintf(out, n, "\\\\.\\Global\\%s.tap", guid) < n;
}

bool xt_tap_version(const uint32_t version[3])
{
	return version[0] > 8 || (version[0] == 8 && version[1] >= 2);
}

void xt_tap_tun_put(uint8_t out[12], const struct xt_ip *local)
{
	memset(out, 0, 12);
	if (local && local->family == 4)
		memcpy(out, local->b, 4);
}

/* A little-endian ULONG, as on every processor of Windows. */
void xt_tap_media_put(uint8_t out[4], bool connected)
{
	memset(out, 0, 4);
	out[0] = connected;
}
