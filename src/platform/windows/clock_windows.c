/* SPDX-License-Identifier: MIT */
/* The clock: interrupt time, which counts suspended time, so that sessions expire during a suspend.
 * Its unbiased form does not count it. The precise forms are functions of Windows 10 that have no
 * import library, so they are asked for at run time. */
#include "platform/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "platform/windows/bell_windows.h"
#include "platform/windows/system_windows.h"

#define UNIT_NS	   100u			 /* of the times of Windows */
#define EPOCH_1970 116444736000000000ull /* in those since 1601 */
#define MS_UNITS   10000u		 /* a millisecond, in those */

typedef void(WINAPI time_query)(ULONGLONG *time);

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static time_query *interrupt_query, *unbiased_query;

static void symbol_get(HMODULE library, const char *name, void *out, size_t size)
{
	FARPROC found = library ? GetProcAddress(library, name) : NULL;

	memcpy(out, &found, size);
}

static BOOL CALLBACK queries_find(INIT_ONCE *at, void *arg, void **result)
{
	HMODULE base = GetModuleHandleW(L"kernelbase.dll");

	(void)at;
	(void)arg;
	(void)result;
	symbol_get(base, "QueryInterruptTimePrecise", &interrupt_query, sizeof(interrupt_query));
	symbol_get(base, "QueryUnbiasedInterruptTimePrecise", &unbiased_query,
		   sizeof(unbiased_query));
	return TRUE;
}

/* Both in units; *awake does not count suspended time. */
static void times_get(ULONGLONG *all, ULONGLONG *awake)
{
	InitOnceExecuteOnce(&once, queries_find, NULL, NULL);
	if (interrupt_query)
		interrupt_query(all);
	else
		*all = GetTickCount64() * MS_UNITS;
	if (!awake)
		return;
	if (unbiased_query && interrupt_query)
		unbiased_query(awake);
	else if (!QueryUnbiasedInterruptTime(awake))
		*awake = *all;
}

struct xt_time xt_clock_now(void)
{
	ULONGLONG all;
	ULARGE_INTEGER wall;
	FILETIME file;

	times_get(&all, NULL);
	GetSystemTimePreciseAsFileTime(&file);
	wall.LowPart = file.dwLowDateTime;
	wall.HighPart = file.dwHighDateTime;
	return (struct xt_time){.mono = all * UNIT_NS,
				.wall = (wall.QuadPart - EPOCH_1970) * UNIT_NS};
}

/* Read in an order in which what passes between the two counts for nothing. The times without
 * precision differ by up to a period of the system's timer. */
uint64_t xt_clock_suspended(void)
{
	ULONGLONG all, awake;

	times_get(&all, &awake);
	if (!interrupt_query && all < awake + 100 * MS_UNITS)
		return 0;
	return all > awake ? (all - awake) * UNIT_NS : 0;
}

/* --- the end of a suspend --- */

#define WATCHES		16
#define NOTIFY_CALLBACK 2u  /* DEVICE_NOTIFY_CALLBACK */
#define RESUME_SUSPEND	7u  /* PBT_APMRESUMESUSPEND */
#define RESUME_AUTO	18u /* PBT_APMRESUMEAUTOMATIC */

typedef ULONG CALLBACK power_callback(void *context, ULONG type, void *setting);
/* DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS */
struct power_subscription {
	power_callback *callback;
	void *context;
};
typedef DWORD(WINAPI power_register)(DWORD flags, struct power_subscription *subscription,
				     void **registration);

/* A watch lasts as long as the process: the registration names it by its place. */
static struct xt_bell bells[WATCHES];
static LONG n_bells;

static ULONG CALLBACK on_power(void *context, ULONG type, void *setting)
{
	(void)setting;
	if (type == RESUME_AUTO || type == RESUME_SUSPEND)
		xt_bell_ring(context);
	return 0;
}

int xt_clock_watch_open(void)
{
	HMODULE library = LoadLibraryExW(L"powrprof.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	struct power_subscription subscription = {.callback = on_power};
	power_register *subscribe;
	void *registration;
	LONG i;
	int rc;

	symbol_get(library, "PowerRegisterSuspendResumeNotification", &subscribe,
		   sizeof(subscribe));
	if (!subscribe)
		return -ENOSYS;
	i = InterlockedIncrement(&n_bells) - 1;
	if (i >= WATCHES)
		return -ENOSPC;
	rc = xt_bell_open(&bells[i]);
	if (rc < 0)
		return rc;
	subscription.context = &bells[i];
	if (subscribe(NOTIFY_CALLBACK, &subscription, &registration) == ERROR_SUCCESS)
		return bells[i].fd;
	xt_bell_close(&bells[i]);
	return -ENOSYS;
}

void xt_clock_watch_read(int fd)
{
	xt_bell_clear(fd);
}

/* Its registration and its descriptor last as long as the process: a callback may be on its way. */
void xt_clock_watch_close(int fd)
{
	(void)fd;
}
