/* SPDX-License-Identifier: MIT */
/* The choice of a user. Two instances never have one number, unless they start at the same moment:
 * processes of one user could signal each other where Landlock and seccomp are missing. */
#include "daemon/sandbox_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/message.h"

#define ACCOUNT	   "xtunnel"
#define UID_SHARED 65534u /* of everything without an account */
#define TRIES	   64	  /* numbers in use one after the other; beyond, something else is wrong */

static bool account_find(struct xt_sandbox_user *out, const char *name)
{
	const struct passwd *account = getpwnam(name);

	if (!account)
		return false;
	out->uid = (uint32_t)account->pw_uid;
	out->gid = (uint32_t)account->pw_gid;
	return true;
}

/* A number needs no account. */
static bool number_parse(struct xt_sandbox_user *out, const char *text)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (*end || errno || n >= UINT32_MAX)
		return false;
	out->uid = out->gid = (uint32_t)n;
	return true;
}

/* The kernel answers ESRCH when no process has the user. */
static bool uid_is_free(uint32_t uid)
{
	errno = 0;
	if (getpriority(PRIO_USER, uid) != -1 || errno != ESRCH)
		return false;
	return !getpwuid(uid) && !getgrgid(uid);
}

/* FNV-1a: the same at every start. */
static uint32_t name_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash;
}

uint32_t xt_sandbox_uid_choose(const char *name)
{
	const uint32_t n = XT_SANDBOX_UID_LAST - XT_SANDBOX_UID_FIRST + 1;
	uint32_t first = name_hash(name) % n;

	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t uid = XT_SANDBOX_UID_FIRST + (first + i) % n;

		if (uid_is_free(uid))
			return uid;
	}
	return UID_SHARED;
}

int xt_sandbox_user_choose(struct xt_sandbox_user *out, const struct xt_conf *conf,
			   const char *name)
{
	out->uid = out->gid = UINT32_MAX;
	if (geteuid() != 0)
		return 0;
	if (conf->user) {
		if (!account_find(out, conf->user) && !number_parse(out, conf->user))
			return -ENOENT;
		return out->uid == 0 ? -EINVAL : 0;
	}
	if (!account_find(out, ACCOUNT) || out->uid == 0)
		out->uid = out->gid = xt_sandbox_uid_choose(name);
	return 0;
}

int xt_sandbox_mode_choose(enum xt_sandbox_mode *out, const struct xt_conf *conf)
{
	const char *word = getenv("XT_SANDBOX");

	*out = conf->sandbox;
	if (!word || !*word || xt_sandbox_mode_parse(out, word))
		return 0;
	xt_message("XT_SANDBOX=%.20s: on, off or strict was expected", word);
	return -EINVAL;
}

void xt_sandbox_prepare(void)
{
	tzset();
	json_object_seed(0);
}
