/* SPDX-License-Identifier: MIT */
/* sd_notify(3) without its library: one datagram to a socket by path or abstract name. */
#include "host/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/printf.h"
#include "base/text.h"
#include "platform/fd.h"

static bool address_read(struct sockaddr_un *to, socklen_t *len)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n >= sizeof(to->sun_path) || (path[0] != '/' && path[0] != '@'))
		return false;
	memset(to, 0, sizeof(*to));
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, n);
	if (path[0] == '@')
		to->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

bool xt_notify_wanted(void)
{
	struct sockaddr_un to;
	socklen_t len;

	return address_read(&to, &len);
}

static void lines_send(const char *format, ...) XT_PRINTF(1, 2);
static void lines_send(const char *format, ...)
{
	struct sockaddr_un to;
	socklen_t to_len;
	char text[256];
	va_list args;
	int n, fd;

	if (!address_read(&to, &to_len))
		return;
	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fd = xt_fd_socket(AF_UNIX, SOCK_DGRAM, true);
	if (fd < 0)
		return;
	if (n > 0 && (size_t)n < sizeof(text))
		(void)sendto(fd, text, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&to, to_len);
	close(fd);
}

/* The service manager compares it with the time of its own request to reload. */
static uint64_t monotonic_us(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void xt_notify(const struct xt_notice *notice)
{
	char status[64] = "";

	if (notice->counted)
		snprintf(status, sizeof(status), "STATUS=%zu of %zu peer%s up\n", notice->up,
			 notice->n, notice->n == 1 ? "" : "s");
	switch (notice->kind) {
	case XT_NOTICE_READY:
		lines_send("READY=1\nMAINPID=%ld\n%s", (long)getpid(), status);
		break;
	case XT_NOTICE_STATUS:
		lines_send("%s", status);
		break;
	case XT_NOTICE_RELOADING:
		lines_send("RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n", monotonic_us());
		break;
	case XT_NOTICE_WATCHDOG:
		lines_send("WATCHDOG=1\n");
		break;
	case XT_NOTICE_STOPPING:
		lines_send("STOPPING=1\nSTATUS=going down\n");
		break;
	}
}

void xt_notify_main(long process)
{
	lines_send("MAINPID=%ld\n", process);
}

static bool number_read(uint64_t *out, const char *variable)
{
	const char *text = getenv(variable);

	return text && xt_number(out, text, INT64_MAX, false);
}

uint32_t xt_notify_watchdog_ms(long process)
{
	uint64_t us, pid;

	if (!xt_notify_wanted() || !number_read(&us, "WATCHDOG_USEC") || us == 0)
		return 0;
	if (getenv("WATCHDOG_PID") &&
	    (!number_read(&pid, "WATCHDOG_PID") || pid != (uint64_t)process))
		return 0;
	us /= 2000u;
	return us > UINT32_MAX ? UINT32_MAX : us == 0 ? 1 : (uint32_t)us;
}
