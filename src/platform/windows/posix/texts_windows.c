/* SPDX-License-Identifier: MIT */
/* Texts, variables and what else of POSIX needs few lines. */
#define XT_POSIX_WINDOWS_PLAIN
#include "platform/windows/posix/posix_windows.h"

#include "platform/windows/system_windows.h"

#define VARIABLES 64

char *strndup(const char *text, size_t len)
{
	const char *end = memchr(text, '\0', len);
	size_t n = end ? (size_t)(end - text) : len;
	char *out = malloc(n + 1);

	if (!out)
		return NULL;
	memcpy(out, text, n);
	out[n] = '\0';
	return out;
}

char *strsep(char **text, const char *delimiters)
{
	char *start = *text, *end;

	if (!start)
		return NULL;
	end = start + strcspn(start, delimiters);
	*text = *end ? end + 1 : NULL;
	*end = '\0';
	return start;
}

void *memrchr(const void *bytes, int byte, size_t len)
{
	const unsigned char *at = bytes;

	while (len-- > 0)
		if (at[len] == (unsigned char)byte)
			return (void *)(uintptr_t)(at + len);
	return NULL;
}

char *strchrnul(const char *text, int c)
{
	const char *found = strchr(text, c);

	return (char *)(uintptr_t)(found ? found : text + strlen(text));
}

/* The text of a variable, kept for the process: the C library's is in another code page. */
char *xt_posix_getenv(const char *name)
{
	static struct {
		char *name, *value;
	} kept[VARIABLES];
	static unsigned n;
	wchar_t wide_name[128], wide[8192];
	char value[3 * 8192];
	DWORD len;

	if (!xt_win_wide(wide_name, sizeof(wide_name) / sizeof(*wide_name), name))
		return NULL;
	SetLastError(0);
	len = GetEnvironmentVariableW(wide_name, wide, sizeof(wide) / sizeof(*wide));
	if ((len == 0 && GetLastError() != 0) || len >= sizeof(wide) / sizeof(*wide))
		return NULL;
	if (len == 0)
		wide[0] = L'\0';
	if (!xt_win_utf8(value, sizeof(value), wide))
		return NULL;
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(kept[i].name, name) != 0)
			continue;
		if (strcmp(kept[i].value, value) != 0) {
			char *copy = _strdup(value);

			if (!copy)
				return NULL;
			kept[i].value = copy; /* a caller may have the former one */
		}
		return kept[i].value;
	}
	if (n == VARIABLES)
		return NULL;
	kept[n].name = _strdup(name);
	kept[n].value = _strdup(value);
	return kept[n].name && kept[n].value ? kept[n++].value : NULL;
}

int setenv(const char *name, const char *value, int replace)
{
	wchar_t wide_name[128], wide[8192];

	if (!replace && xt_posix_getenv(name))
		return 0;
	if (!xt_win_wide(wide_name, sizeof(wide_name) / sizeof(*wide_name), name) ||
	    !xt_win_wide(wide, sizeof(wide) / sizeof(*wide), value)) {
		errno = EINVAL;
		return -1;
	}
	return SetEnvironmentVariableW(wide_name, wide) ? 0 : -1;
}

int unsetenv(const char *name)
{
	wchar_t wide_name[128];

	if (xt_win_wide(wide_name, sizeof(wide_name) / sizeof(*wide_name), name))
		(void)SetEnvironmentVariableW(wide_name, NULL);
	return 0;
}

long sysconf(int name)
{
	SYSTEM_INFO info;

	GetSystemInfo(&info);
	return name == _SC_PAGESIZE ? (long)info.dwPageSize : (long)info.dwNumberOfProcessors;
}

uid_t geteuid(void)
{
	SID_IDENTIFIER_AUTHORITY authority = {SECURITY_NT_AUTHORITY};
	BOOL member = FALSE;
	PSID administrators;

	if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
				      DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &administrators))
		return 1000;
	(void)CheckTokenMembership(NULL, administrators, &member);
	FreeSid(administrators);
	return member ? 0 : 1000;
}

uid_t getuid(void)
{
	return geteuid();
}

gid_t getegid(void)
{
	return geteuid();
}

struct tm *localtime_r(const time_t *at, struct tm *out)
{
	return localtime_s(out, at) == 0 ? out : NULL;
}

struct tm *gmtime_r(const time_t *at, struct tm *out)
{
	return gmtime_s(out, at) == 0 ? out : NULL;
}
