/* SPDX-License-Identifier: MIT */
/* layers: base */
/* To be preloaded: the clocks of a process that a test moves. The file CLOCK_FILE holds what is
 * added to CLOCK_MONOTONIC, CLOCK_BOOTTIME and CLOCK_REALTIME, in ns. A host that was suspended for
 * a while is the last two moved by that while. A timer of the wall clock (clock_linux.c) is the
 * FIFO CLOCK_FILE.wake: eight bytes into it are the kernel's report that the clock has jumped. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef int clock_read(clockid_t id, struct timespec *ts);

enum { MONO, BOOT, WALL, CLOCKS };

static const volatile int64_t *shifts;
static clock_read *kernel;
static int wake_fd = -1;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CLOCK_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at = fd >= 0 ? mmap(NULL, CLOCKS * sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0)
			   : MAP_FAILED;

	*(void **)&kernel = dlsym(RTLD_NEXT, "clock_gettime");
	if (fd >= 0)
		close(fd);
	if (at != MAP_FAILED)
		shifts = at;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *ts)
{
	int which = id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE ? MONO
		    : id == CLOCK_BOOTTIME				  ? BOOT
		    : id == CLOCK_REALTIME				  ? WALL
									  : -1;
	int rc = kernel ? kernel(id, ts) : -1;
	int64_t ns;

	if (rc != 0 || which < 0 || !shifts)
		return rc;
	ns = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec + shifts[which];
	ts->tv_sec = (time_t)(ns / 1000000000);
	ts->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

__attribute__((visibility("default"))) int timerfd_create(clockid_t id, int flags)
{
	char path[200];

	snprintf(path, sizeof(path), "%s.wake", getenv("CLOCK_FILE"));
	if (id != CLOCK_REALTIME || (mkfifo(path, 0600) < 0 && errno != EEXIST)) {
		errno = ENOSYS;
		return -1;
	}
	wake_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	(void)flags;
	return wake_fd;
}

__attribute__((visibility("default"))) int
timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
	(void)flags;
	(void)value;
	(void)old;
	errno = EBADF;
	return fd == wake_fd ? 0 : -1;
}
