/* SPDX-License-Identifier: MIT */
/* What the files of platform/windows that are tested on every system take from those that are not:
 * the table of the network, names of interfaces, the TAP adapter. */
#include "pure_windows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "platform/windows/names_windows.h"
#include "platform/windows/net_windows.h"
#include "platform/windows/tap_windows.h"

static const struct xt_net_ops *current;
static struct {
	char name[16];
	unsigned ifindex;
} names[8];

struct xt_ip pure_tap_local;

const struct xt_net_ops *xt_net(void)
{
	return current;
}

void xt_net_replace(const struct xt_net_ops *ops)
{
	current = ops;
}

int xt_names_add(const char *name, unsigned ifindex)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!names[i].name[0]) {
			snprintf(names[i].name, sizeof(names[i].name), "%s", name);
			names[i].ifindex = ifindex;
			return 0;
		}
	return -ENOSPC;
}

void xt_names_remove(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			names[i].name[0] = '\0';
}

bool xt_names_find(const char *name, unsigned *ifindex)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0) {
			*ifindex = names[i].ifindex;
			return true;
		}
	return false;
}

bool xt_names_has(unsigned ifindex)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].name[0] && names[i].ifindex == ifindex)
			return true;
	return false;
}

int xt_tap_address_set(unsigned ifindex, const struct xt_ip *local)
{
	(void)ifindex;
	pure_tap_local = *local;
	return 0;
}
