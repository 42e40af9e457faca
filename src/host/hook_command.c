/* SPDX-License-Identifier: MIT */
/* The shell of a hook, and its command.
 *
 * The shell gets the options of wg-quick(8), which files are written for: -e and pipefail, so that
 * "a; b" fails when a does, and extglob. sh has no extglob, and pipefail only in some versions. */
#include "host/hook_command.h"

#include <stdlib.h>
#include <string.h>

#include "base/size.h"

#define SH_SCRIPT "(set -o pipefail) 2>/dev/null && set -o pipefail; eval \"$1\""

char *xt_hook_expand(const char *command, const char *name)
{
	size_t len = strlen(name), n = 0, room;
	const char *at = command;

	for (const char *c = command; (c = strstr(c, "%i")); c += 2)
		n++;
	char *out = xt_size_items(&room, strlen(command) + 1, n, len) ? malloc(room) : NULL;
	char *to = out;
	while (out && *at) {
		if (at[0] == '%' && at[1] == 'i') {
			memcpy(to, name, len);
			to += len;
			at += 2;
		} else {
			*to++ = *at++;
		}
	}
	if (out)
		*to = '\0';
	return out;
}

void xt_hook_args(const char *args[XT_HOOK_ARGS], bool bash, const char *command)
{
	const char *const of_bash[XT_HOOK_ARGS] = {"bash",    "-e", "-o",    "pipefail", "-O",
						   "extglob", "-c", command, NULL};
	const char *const of_sh[XT_HOOK_ARGS] = {"sh", "-e", "-c", SH_SCRIPT, "sh", command, NULL};

	memcpy(args, bash ? of_bash : of_sh, sizeof(of_bash));
}
