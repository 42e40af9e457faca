/* SPDX-License-Identifier: MIT */
/* The service manager calls service_run on a thread of its own, and service_control on another. A
 * pause is not accepted: a tunnel that is up but moves no packets is of no use. */
#include "host/service_windows.h"

#include <stdio.h>

#include "base/bytes.h"
#include "platform/windows/system_windows.h"

#define WAIT_HINT_MS 30000
#define SOURCE	     L"xtunnel"

static struct {
	wchar_t name[64];
	SERVICE_STATUS_HANDLE handle;
	SERVICE_STATUS status;
	HANDLE log;
	int (*begin)(void *ctx);
	void *ctx;
	void (*stop)(void);
} service;

bool xt_service_is(void)
{
	return service.handle != NULL;
}

void xt_service_on_stop(void (*stop)(void))
{
	service.stop = stop;
}

static void status_set(DWORD state, DWORD accepts, DWORD hint_ms)
{
	service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
	service.status.dwCurrentState = state;
	service.status.dwControlsAccepted = accepts;
	service.status.dwWaitHint = hint_ms;
	service.status.dwCheckPoint = hint_ms ? service.status.dwCheckPoint + 1 : 0;
	(void)SetServiceStatus(service.handle, &service.status);
}

void xt_service_state(enum xt_service_state state)
{
	if (!service.handle)
		return;
	switch (state) {
	case XT_SERVICE_STARTS:
		status_set(SERVICE_START_PENDING, 0, WAIT_HINT_MS);
		break;
	case XT_SERVICE_RUNS:
		status_set(SERVICE_RUNNING, SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN, 0);
		break;
	case XT_SERVICE_STOPS:
		status_set(SERVICE_STOP_PENDING, 0, WAIT_HINT_MS);
		break;
	case XT_SERVICE_ENDED:
		status_set(SERVICE_STOPPED, 0, 0);
		break;
	}
}

static DWORD WINAPI service_control(DWORD control, DWORD type, void *data, void *ctx)
{
	(void)type;
	(void)data;
	(void)ctx;
	switch (control) {
	case SERVICE_CONTROL_STOP:
	case SERVICE_CONTROL_SHUTDOWN:
		xt_service_state(XT_SERVICE_STOPS);
		if (service.stop)
			service.stop();
		return NO_ERROR;
	case SERVICE_CONTROL_INTERROGATE:
		return NO_ERROR;
	default:
		return ERROR_CALL_NOT_IMPLEMENTED;
	}
}

static void WINAPI service_run(DWORD argc, wchar_t **argv)
{
	int status;

	(void)argc;
	(void)argv;
	service.handle = RegisterServiceCtrlHandlerExW(service.name, service_control, NULL);
	if (!service.handle)
		return;
	service.log = RegisterEventSourceW(NULL, SOURCE);
	xt_service_state(XT_SERVICE_STARTS);
	status = service.begin(service.ctx);
	if (status != 0) {
		service.status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
		service.status.dwServiceSpecificExitCode = (DWORD)status;
	}
	xt_service_state(XT_SERVICE_ENDED);
}

bool xt_service_main(const char *name, int (*begin)(void *ctx), void *ctx)
{
	const SERVICE_TABLE_ENTRYW table[] = {{service.name, service_run}, {NULL, NULL}};

	service.begin = begin;
	service.ctx = ctx;
	if (!xt_win_wide(service.name, XT_LEN(service.name), name))
		return false;
	return StartServiceCtrlDispatcherW(table);
}

void xt_service_log(enum xt_log_level level, const char *text)
{
	wchar_t wide[2048];
	const wchar_t *strings[1] = {wide};
	WORD type = level <= XT_LOG_ERROR     ? EVENTLOG_ERROR_TYPE
		    : level == XT_LOG_WARNING ? EVENTLOG_WARNING_TYPE
					      : EVENTLOG_INFORMATION_TYPE;

	if (service.log && xt_win_wide(wide, XT_LEN(wide), text))
		(void)ReportEventW(service.log, type, 0, 1, NULL, 1, 0, strings, NULL);
}
