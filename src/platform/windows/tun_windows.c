/* SPDX-License-Identifier: MIT */
/* Open a TUN device on Windows: by Wintun where wintun.dll stands beside the program, else by an
 * adapter of TAP-Windows6. Both are this process' alone, and go or fall silent with it. */
#include "platform/windows/tun_windows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xtunnel/error.h>

#include "platform/link.h"
#include "platform/windows/names_windows.h"
#include "platform/windows/net_windows.h"

#define NUMBERS 1000 /* tried for "%d" */

/* Letters, digits and _ = + . -, as WireGuard for Windows has them: the name is part of the names
 * of pipes, files and services. "%d" at the end is a number that is free. */
static bool name_valid(const char *name, bool *numbered)
{
	size_t len = strnlen(name, 16), letters;

	letters = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789_=+.-");
	*numbered = letters > 0 && strcmp(name + letters, "%d") == 0;
	return len > 0 && len < 16 && (letters == len || *numbered) && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static bool name_free(const char *name)
{
	unsigned ifindex;

	return !xt_names_find(name, &ifindex) && xt_net()->alias_index(name, &ifindex) < 0;
}

static int name_choose(char out[16], const char *name)
{
	bool numbered;
	char text[32];

	if (!name_valid(name, &numbered))
		return -EINVAL;
	if (!numbered) {
		snprintf(out, 16, "%s", name);
		return 0;
	}
	for (int i = 0; i < NUMBERS; i++) {
		snprintf(text, sizeof(text), "%.*s%d", (int)(strlen(name) - 2), name, i);
		if (strlen(text) < 16 && name_free(text)) {
			memcpy(out, text, strlen(text) + 1);
			return 0;
		}
	}
	return -EBUSY;
}

static void mtu_get(struct xt_tun *tun)
{
	struct xt_net_interface interface;

	if (tun->mtu == 0 && xt_net()->interface_get(tun->ifindex, 4, &interface) == 0)
		tun->mtu = interface.mtu;
	if (tun->mtu == 0 || tun->mtu > XT_PACKET_MAX)
		tun->mtu = XT_LINK_MTU_DEFAULT;
}

int xt_tun_open(struct xt_tun **out, const struct xt_tun_options *options)
{
	char name[16];
	unsigned ifindex;
	int rc;

	if (options->fd > 0)
		return XT_E_UNSUPPORTED;
	rc = name_choose(name, options->name);
	if (rc < 0)
		return rc;
	if (xt_names_find(name, &ifindex))
		return -EBUSY;
	rc = xt_tun_wintun_open(out, name);
	if (rc == -ENOENT)
		rc = xt_tun_tap_open(out, name);
	if (rc == 0)
		mtu_get(*out);
	return rc;
}

/* Neither driver has super-packets. */
bool xt_tun_offload(struct xt_tun *tun, bool on)
{
	(void)tun;
	return !on;
}

bool xt_tun_has_offload(const struct xt_tun *tun)
{
	(void)tun;
	return false;
}

void xt_tun_hand_over(struct xt_tun *tun, bool handed_over)
{
	(void)tun;
	(void)handed_over;
}

/* An adapter of Wintun ends with its process; one of TAP is the administrator's. */
int xt_tun_remove(const char *name)
{
	bool numbered;

	return name_valid(name, &numbered) && !numbered ? -ENODEV : -EINVAL;
}

int xt_tun_fd(const struct xt_tun *tun)
{
	(void)tun;
	return -1;
}
