/* SPDX-License-Identifier: MIT */
/* `xtunnel service install|remove|list`, and `service run NAME`, which the service manager calls.
 * A service xtunnel$NAME runs the instance NAME as SYSTEM. */
#include "cli/cmd_service_windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/message.h"
#include "cli/cmd.h"
#include "config/conf.h"
#include "host/service_windows.h"
#include "platform/windows/system_windows.h"

#define PREFIX	L"xtunnel$"
#define DISPLAY L"XTunnel: "
#define UNITS	1024
#define STOP_MS 30000
#define POLL_MS 100
#define EVENTS	L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\xtunnel"
/* Every Windows has this file; each of its messages 1 to 1000 is the first string alone. */
#define MESSAGES L"%SystemRoot%\\System32\\EventCreate.exe"

static int service_failed(const char *what, const char *name)
{
	DWORD error = GetLastError();

	switch (error) {
	case ERROR_ACCESS_DENIED:
		xt_message("%s %s: not permitted", what, name);
		xt_hint("it takes an administrator: start the console by \"Run as administrator\"");
		return XT_EXIT_FAILURE;
	case ERROR_SERVICE_DOES_NOT_EXIST:
		return xt_fail(XT_EXIT_NOT_RUNNING, "%s: there is no such service", name);
	case ERROR_SERVICE_EXISTS:
		return xt_fail(XT_EXIT_FAILURE, "%s is a service already", name);
	default:
		return xt_fail(XT_EXIT_FAILURE, "%s %s: error %lu", what, name, error);
	}
}

static bool service_name(wchar_t out[64], const char *name)
{
	wchar_t wide[32];

	return xt_win_wide(wide, XT_LEN(wide), name) &&
	       _snwprintf(out, 64, PREFIX L"%ls", wide) > 0;
}

/* "C:\...\xtunnel.exe" service run NAME. The quotes matter: a path with spaces is else tried piece
 * by piece. */
static bool command_line(wchar_t out[UNITS], const char *name)
{
	wchar_t program[UNITS], wide[32];
	DWORD len = GetModuleFileNameW(NULL, program, UNITS);

	return len > 0 && len < UNITS && xt_win_wide(wide, XT_LEN(wide), name) &&
	       _snwprintf(out, UNITS, L"\"%ls\" service run %ls", program, wide) > 0;
}

static void events_register(void)
{
	DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
	HKEY key;

	if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, EVENTS, 0, NULL, 0, KEY_SET_VALUE, NULL, &key,
			    NULL) != 0)
		return; /* lines are there, with a remark in front of each */
	(void)RegSetValueExW(key, L"EventMessageFile", 0, REG_EXPAND_SZ, (const BYTE *)MESSAGES,
			     sizeof(MESSAGES));
	(void)RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD, (const BYTE *)&types,
			     sizeof(types));
	RegCloseKey(key);
}

static SC_HANDLE manager_open(DWORD access)
{
	return OpenSCManagerW(NULL, NULL, access);
}

/* It starts with the host, after the network's own services; twice again after a fault, be it a
 * crash or an end with another status than 0, but not after `down`. */
static SC_HANDLE service_create(SC_HANDLE manager, const char *name)
{
	static const wchar_t dependencies[] = L"Nsi\0TcpIp\0";
	/* The last one is for all further faults within dwResetPeriod. */
	SC_ACTION actions[] = {
	    {SC_ACTION_RESTART, 5000}, {SC_ACTION_RESTART, 30000}, {SC_ACTION_NONE, 0}};
	SERVICE_FAILURE_ACTIONS_FLAG ends = {.fFailureActionsOnNonCrashFailures = TRUE};
	SERVICE_FAILURE_ACTIONSW failure = {
	    .dwResetPeriod = 600, .cActions = XT_LEN(actions), .lpsaActions = actions};
	SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
	wchar_t service[64], display[96], command[UNITS], wide[32];
	SC_HANDLE handle;

	if (!service_name(service, name) || !command_line(command, name) ||
	    !xt_win_wide(wide, XT_LEN(wide), name))
		return NULL;
	_snwprintf(display, XT_LEN(display), DISPLAY L"%ls", wide);
	handle = CreateServiceW(manager, service, display, SERVICE_ALL_ACCESS,
				SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
				command, NULL, NULL, dependencies, NULL, NULL);
	if (!handle)
		return NULL;
	(void)ChangeServiceConfig2W(handle, SERVICE_CONFIG_FAILURE_ACTIONS, &failure);
	(void)ChangeServiceConfig2W(handle, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &ends);
	(void)ChangeServiceConfig2W(handle, SERVICE_CONFIG_SERVICE_SID_INFO, &sid);
	return handle;
}

static int name_check(const char *name)
{
	if (xt_conf_name_valid(name))
		return XT_EXIT_OK;
	return xt_fail(XT_EXIT_USAGE,
		       "service: %.60s: not a valid interface name; the file is "
		       "%%ProgramData%%\\xtunnel\\NAME.conf",
		       name);
}

static int service_install(const char *name)
{
	SC_HANDLE manager = manager_open(SC_MANAGER_CREATE_SERVICE), service;
	int status = XT_EXIT_OK;

	if (!manager)
		return service_failed("cannot install", name);
	service = service_create(manager, name);
	if (service) {
		events_register();
		xt_message("installed the service xtunnel$%s, which starts with the host", name);
		xt_hint("now: sc start xtunnel$%s", name);
		CloseServiceHandle(service);
	} else {
		status = service_failed("cannot install", name);
	}
	CloseServiceHandle(manager);
	return status;
}

/* A service that is deleted while it runs stays until it ends. */
static void service_stop(SC_HANDLE service)
{
	SERVICE_STATUS state;

	if (!ControlService(service, SERVICE_CONTROL_STOP, &state))
		return;
	for (int ms = 0; ms < STOP_MS; ms += POLL_MS) {
		if (!QueryServiceStatus(service, &state) || state.dwCurrentState == SERVICE_STOPPED)
			return;
		Sleep(POLL_MS);
	}
}

static int service_remove(const char *name)
{
	SC_HANDLE manager = manager_open(SC_MANAGER_CONNECT), service = NULL;
	wchar_t wide[64];
	int status = XT_EXIT_OK;

	if (manager && service_name(wide, name))
		service = OpenServiceW(manager, wide, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
	if (service)
		service_stop(service);
	if (!service || !DeleteService(service))
		status = service_failed("cannot remove", name);
	if (service)
		CloseServiceHandle(service);
	if (manager)
		CloseServiceHandle(manager);
	return status;
}

static const char *state_text(DWORD state)
{
	switch (state) {
	case SERVICE_RUNNING:
		return "running";
	case SERVICE_STOPPED:
		return "stopped";
	case SERVICE_START_PENDING:
		return "starting";
	case SERVICE_STOP_PENDING:
		return "stopping";
	default:
		return "unknown";
	}
}

static int service_print(const char *name, DWORD state)
{
	printf("%s\t%s\n", name, state_text(state));
	return XT_EXIT_OK;
}

static int service_remove_each(const char *name, DWORD state)
{
	(void)state;
	return service_remove(name);
}

/* For each service of an instance. Returns the first status that is not XT_EXIT_OK. */
static int services_each(const ENUM_SERVICE_STATUS_PROCESSW *services, DWORD n,
			 int (*each)(const char *name, DWORD state))
{
	const size_t len = wcslen(PREFIX);
	int status = XT_EXIT_OK;

	for (DWORD i = 0; i < n; i++) {
		DWORD state = services[i].ServiceStatusProcess.dwCurrentState;
		char name[64];
		int result;

		/* Names of services have no case. */
		if (_wcsnicmp(services[i].lpServiceName, PREFIX, len) != 0 ||
		    !xt_win_utf8(name, sizeof(name), services[i].lpServiceName + len))
			continue;
		result = each(name, state);
		status = status == XT_EXIT_OK ? result : status;
	}
	return status;
}

static int services_visit(const char *failure, int (*each)(const char *name, DWORD state))
{
	SC_HANDLE manager = manager_open(SC_MANAGER_ENUMERATE_SERVICE);
	DWORD len = 0, n = 0, resume = 0;
	BYTE *all = NULL;
	bool read = false;
	int status;

	if (!manager)
		return service_failed(failure, "services");
	(void)EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
				    NULL, 0, &len, &n, &resume, NULL);
	all = malloc(len + 4096);
	resume = 0;
	if (all)
		read = EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32,
					     SERVICE_STATE_ALL, all, len + 4096, &len, &n, &resume,
					     NULL);
	status = read ? services_each((const ENUM_SERVICE_STATUS_PROCESSW *)(void *)all, n, each)
		      : service_failed(failure, "services");
	free(all);
	CloseServiceHandle(manager);
	return status;
}

static int instance_begin(void *ctx)
{
	return xt_run(ctx);
}

/* From a console it says what it is for. */
static int service_run(char *name)
{
	wchar_t wide[64];
	char service[64];

	if (service_name(wide, name) && xt_win_utf8(service, sizeof(service), wide) &&
	    xt_service_main(service, instance_begin, name))
		return XT_EXIT_OK;
	return xt_fail(XT_EXIT_USAGE,
		       "service run is for the service manager; on a console: "
		       "xtunnel run %s",
		       name);
}

static int service_usage(int status)
{
	fputs("xtunnel service install NAME  make the service xtunnel$NAME, which starts with the "
	      "host\n"
	      "xtunnel service remove NAME   end it, and remove it\n"
	      "xtunnel service remove --all  the same for each instance\n"
	      "xtunnel service list          its instances, and whether they run\n",
	      status == XT_EXIT_OK ? stdout : stderr);
	return status;
}

bool xt_service_verb(int argc, char **argv, int *status)
{
	const char *verb = argc > 2 ? argv[2] : "";
	bool named = argc == 4;

	if (argc < 2 || strcmp(argv[1], "service") != 0)
		return false;
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
		*status = service_usage(XT_EXIT_OK);
	} else if (strcmp(verb, "list") == 0 && argc == 3) {
		*status = services_visit("cannot list", service_print);
	} else if (named && strcmp(verb, "remove") == 0 && strcmp(argv[3], "--all") == 0) {
		*status = services_visit("cannot remove", service_remove_each);
	} else if (!named || (strcmp(verb, "install") != 0 && strcmp(verb, "remove") != 0 &&
			      strcmp(verb, "run") != 0)) {
		*status = service_usage(XT_EXIT_USAGE);
	} else if (name_check(argv[3]) != XT_EXIT_OK) {
		*status = XT_EXIT_USAGE;
	} else {
		*status = strcmp(verb, "install") == 0	? service_install(argv[3])
			  : strcmp(verb, "remove") == 0 ? service_remove(argv[3])
							: service_run(argv[3]);
	}
	fflush(stdout);
	return true;
}
