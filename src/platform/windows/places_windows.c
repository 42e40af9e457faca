/* SPDX-License-Identifier: MIT */
/* Known folders, access control lists, and the settings of administrators. */
#include "platform/windows/places_windows.h"

#include "platform/windows/system_windows.h"

#include <aclapi.h>
#include <errno.h>
#include <io.h>
#include <sddl.h>
#include <stdio.h>

#define READS (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL)
#define WRITES                                                                                     \
	(FILE_WRITE_DATA | FILE_APPEND_DATA | WRITE_DAC | WRITE_OWNER | DELETE | GENERIC_WRITE |   \
	 GENERIC_ALL)
#define SETTINGS L"Software\\xtunnel"

/* With / between the parts, and tail. */
static bool place_put(char *out, size_t cap, const wchar_t *wide, const char *tail)
{
	char base[3 * MAX_PATH];
	int n;

	if (!xt_win_utf8(base, sizeof(base), wide))
		return false;
	for (char *at = base; *at; at++)
		if (*at == '\\')
			*at = '/';
	n = snprintf(out, cap, "%s%s", base, tail);
	return n > 0 && (size_t)n < cap;
}

bool xt_win_system_dir(char *out, size_t cap, const char *tail)
{
	wchar_t wide[MAX_PATH];
	UINT len = GetSystemDirectoryW(wide, MAX_PATH);

	return len > 0 && len < MAX_PATH && place_put(out, cap, wide, tail);
}

/* The folder is the system's: a variable of a user does not move it for a service, and an
 * administrator who sets it for one command means it. */
bool xt_win_data_dir(char *out, size_t cap, const char *tail)
{
	wchar_t wide[MAX_PATH];
	DWORD len = GetEnvironmentVariableW(L"ProgramData", wide, MAX_PATH);

	if (len == 0 || len >= MAX_PATH ||
	    wide[1] != L':') /* not set, or no absolute path: the usual place */
		wcscpy(wide, L"C:\\ProgramData");
	if (wcslen(wide) + wcslen(L"\\xtunnel") >= MAX_PATH)
		return false;
	wcscat(wide, L"\\xtunnel");
	return place_put(out, cap, wide, tail);
}

/* --- access control lists --- */

struct judge {
	PSID owner, user;
	union {
		TOKEN_USER token;
		BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} u;
};

static void user_read(struct judge *judge)
{
	HANDLE token;
	DWORD len;

	judge->user = NULL;
	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return;
	if (GetTokenInformation(token, TokenUser, &judge->u, sizeof(judge->u), &len))
		judge->user = judge->u.token.User.Sid;
	CloseHandle(token);
}

static bool sid_trusted(const struct judge *judge, PSID sid)
{
	return IsWellKnownSid(sid, WinLocalSystemSid) ||
	       IsWellKnownSid(sid, WinBuiltinAdministratorsSid) ||
	       IsWellKnownSid(sid, WinCreatorOwnerSid) ||
	       IsWellKnownSid(sid, WinCreatorOwnerRightsSid) ||
	       (judge->owner && EqualSid(sid, judge->owner)) ||
	       (judge->user && EqualSid(sid, judge->user));
}

static void sid_text(char *out, size_t cap, PSID sid)
{
	wchar_t name[64], domain[64], *text = NULL;
	DWORD name_len = 64, domain_len = 64;
	SID_NAME_USE use;

	if (LookupAccountSidW(NULL, sid, name, &name_len, domain, &domain_len, &use) &&
	    xt_win_utf8(out, cap, name))
		return;
	snprintf(out, cap, "another user");
	if (ConvertSidToStringSidW(sid, &text))
		(void)xt_win_utf8(out, cap, text);
	LocalFree(text);
}

static void acl_judge(struct xt_win_access *out, const struct judge *judge, PACL acl)
{
	for (DWORD i = 0; i < acl->AceCount; i++) {
		ACCESS_ALLOWED_ACE *ace;
		void *at;

		if (!GetAce(acl, i, &at))
			continue;
		ace = at;
		if (ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE ||
		    (ace->Header.AceFlags & INHERIT_ONLY_ACE) || !(ace->Mask & (READS | WRITES)) ||
		    sid_trusted(judge, (PSID)&ace->SidStart))
			continue;
		if (!out->reads && !out->writes)
			sid_text(out->user, sizeof(out->user), (PSID)&ace->SidStart);
		out->reads |= (ace->Mask & READS) != 0;
		out->writes |= (ace->Mask & WRITES) != 0;
	}
}

static int descriptor_judge(struct xt_win_access *out, PSID owner, PACL acl)
{
	struct judge judge = {.owner = owner};

	user_read(&judge);
	if (!acl) { /* none: everyone may do everything */
		out->reads = out->writes = true;
		snprintf(out->user, sizeof(out->user), "everyone");
		return 0;
	}
	acl_judge(out, &judge, acl);
	return 0;
}

int xt_win_access(struct xt_win_access *out, int fd)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	PSID owner = NULL;
	PACL acl = NULL;
	DWORD error;

	*out = (struct xt_win_access){0};
	error = GetSecurityInfo((HANDLE)_get_osfhandle(fd), SE_FILE_OBJECT,
				OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
				NULL, &acl, NULL, &descriptor);
	if (error != 0)
		return xt_win_error(error);
	(void)descriptor_judge(out, owner, acl);
	LocalFree(descriptor);
	return 0;
}

bool xt_win_owned(int fd)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	struct judge judge = {0};
	PSID owner = NULL;
	bool trusted;

	if (GetSecurityInfo((HANDLE)_get_osfhandle(fd), SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION,
			    &owner, NULL, NULL, NULL, &descriptor) != 0)
		return false;
	user_read(&judge);
	trusted = owner && sid_trusted(&judge, owner);
	LocalFree(descriptor);
	return trusted;
}

/* Another user's own directory or file is that user's to change. */
static void owner_judge(struct xt_win_access *out, PSID owner)
{
	struct judge judge = {0};

	user_read(&judge);
	if (!owner || sid_trusted(&judge, owner))
		return;
	out->writes = true;
	sid_text(out->user, sizeof(out->user), owner);
}

/* As the functions of files take it. */
static bool path_wide(wchar_t wide[MAX_PATH], const char *path)
{
	if (!xt_win_wide(wide, MAX_PATH, path))
		return false;
	for (wchar_t *at = wide; *at; at++)
		if (*at == L'/')
			*at = L'\\';
	return true;
}

int xt_win_access_path(struct xt_win_access *out, const char *path)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	wchar_t wide[MAX_PATH];
	PSID owner = NULL;
	PACL acl = NULL;
	DWORD error;

	*out = (struct xt_win_access){0};
	if (!path_wide(wide, path))
		return -ENAMETOOLONG;
	error = GetNamedSecurityInfoW(wide, SE_FILE_OBJECT,
				      OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
				      &owner, NULL, &acl, NULL, &descriptor);
	if (error != 0)
		return xt_win_error(error);
	(void)descriptor_judge(out, owner, acl);
	owner_judge(out, owner);
	LocalFree(descriptor);
	return 0;
}

static DWORD protected_list_set(wchar_t *path)
{
	PSECURITY_DESCRIPTOR descriptor = xt_win_private(true);
	BOOL present, defaulted;
	PACL acl = NULL;
	DWORD error;

	if (!descriptor || !GetSecurityDescriptorDacl(descriptor, &present, &acl, &defaulted))
		error = GetLastError();
	else
		error = SetNamedSecurityInfoW(path, SE_FILE_OBJECT,
					      DACL_SECURITY_INFORMATION |
						  PROTECTED_DACL_SECURITY_INFORMATION,
					      NULL, NULL, acl, NULL);
	LocalFree(descriptor);
	return error;
}

int xt_win_protect(const char *path)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	struct judge judge = {0};
	wchar_t wide[MAX_PATH];
	PSID owner = NULL;
	DWORD error;
	int rc = -EPERM;

	if (!path_wide(wide, path))
		return -ENAMETOOLONG;
	error = GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
				      NULL, NULL, NULL, &descriptor);
	if (error != 0)
		return xt_win_error(error);
	user_read(&judge);
	if (owner && judge.user && sid_trusted(&judge, owner))
		rc = xt_win_error(protected_list_set(wide));
	LocalFree(descriptor);
	return rc;
}

int xt_win_access_copy(int fd, const char *path)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	wchar_t wide[MAX_PATH];
	PACL acl = NULL;
	DWORD error;

	if (!path_wide(wide, path))
		return -ENAMETOOLONG;
	error = GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
				      &acl, NULL, &descriptor);
	if (error == 0)
		error = SetSecurityInfo((HANDLE)_get_osfhandle(fd), SE_FILE_OBJECT,
					DACL_SECURITY_INFORMATION, NULL, NULL, acl, NULL);
	LocalFree(descriptor);
	/* The new file is private already: without the right to copy it stays so. */
	return error == ERROR_ACCESS_DENIED ? 0 : xt_win_error(error);
}

/* --- settings --- */

uint32_t xt_win_setting(const char *name)
{
	wchar_t wide[64];
	DWORD value = 0, len = sizeof(value);

	if (!xt_win_wide(wide, sizeof(wide) / sizeof(*wide), name) ||
	    RegGetValueW(HKEY_LOCAL_MACHINE, SETTINGS, wide, RRF_RT_REG_DWORD, NULL, &value,
			 &len) != 0)
		return 0;
	return value;
}
