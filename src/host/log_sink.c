/* SPDX-License-Identifier: MIT */
/* Where the log lines of an instance go.
 *
 * syslog(3) and sd_journal_send(3) wait for a daemon that does not read. Here a datagram is sent
 * without waiting, by a socket that is not connected: each one looks the path up, so that nothing
 * has to notice that the daemon was restarted. */
#include "host/log_sink.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/message.h"
#include "base/output.h"
#include "host/log_text.h"
#include "platform/clock.h"
#include "platform/fd.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define SYSLOG_SOCKET  "/dev/log"

enum form { TEXT, JSON, JOURNAL, BACKGROUND };
enum place { PLACE_NONE, PLACE_STDERR, PLACE_JOURNAL, PLACE_SYSLOG };

static struct xt_log_sink_counts here;
static struct {
	pthread_mutex_t lock;
	enum form form;
	bool opened, detached;
	struct xt_log_sink_counts *counts;
	int fd;
	struct sockaddr_un journal, syslog;
	unsigned long lost; /* not reported yet */
	struct xt_log_origin origin;
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .counts = &here, .fd = -1};

/* --- datagrams --- */

static bool datagram_send(const struct sockaddr_un *to, const char *text, size_t len)
{
	return sink.fd >= 0 && sendto(sink.fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL,
				      (const struct sockaddr *)to, sizeof(*to)) >= 0;
}

/* Nothing is bound to the path, or not for datagrams; a full queue is another matter. */
static bool receiver_missing(void)
{
	return errno == ENOENT || errno == ECONNREFUSED || errno == EPROTOTYPE ||
	       errno == ENOTDIR || errno == EACCES;
}

static enum place line_send_once(const struct xt_log_line *line)
{
	char text[XT_LOG_TEXT];
	size_t len = xt_log_text_journal(text, &sink.origin, line);

	if (datagram_send(&sink.journal, text, len))
		return PLACE_JOURNAL;
	if (sink.form == JOURNAL || !receiver_missing())
		return PLACE_NONE;
	len = xt_log_text_syslog(text, &sink.origin, line, xt_clock_now().wall);
	return datagram_send(&sink.syslog, text, len) ? PLACE_SYSLOG : PLACE_NONE;
}

/* The line that stands where lines were dropped. */
static bool lost_send(void)
{
	char text[192];
	struct xt_log_line line = {.level = XT_LOG_WARNING, .text = text};

	snprintf(text, sizeof(text), "%s: %lu log line%s lost: the log was not read in time",
		 sink.origin.interface, sink.lost, sink.lost == 1 ? " was" : "s were");
	if (line_send_once(&line) == PLACE_NONE)
		return false;
	sink.lost = 0;
	return true;
}

static bool line_send(const struct xt_log_line *line)
{
	enum place place = sink.lost && !lost_send() ? PLACE_NONE : line_send_once(line);

	if (place != PLACE_NONE)
		atomic_store(&sink.counts->place, place);
	return place != PLACE_NONE;
}

/* --- lines --- */

void xt_log_sink_count(unsigned long lost)
{
	atomic_fetch_add(&sink.counts->lost, lost);
}

static void line_put_stderr(const struct xt_log_line *line)
{
	char text[XT_LOG_TEXT];
	size_t len = sink.form == JSON
			 ? xt_log_text_json(text, &sink.origin, line, xt_clock_now().wall)
			 : xt_log_text(text, line);

	atomic_store(&sink.counts->place, PLACE_STDERR);
	xt_output_put(text, len);
}

/* With journald gone, systemd's pipe still takes text. */
static void line_put(const struct xt_log_line *line)
{
	bool sent = false;

	if (sink.form == JOURNAL || sink.form == BACKGROUND)
		sent = line_send(line);
	if (sink.form == BACKGROUND) {
		if (!sink.detached && (line->message || line->level <= XT_LOG_WARNING))
			line_put_stderr(line);
		if (!sent) {
			sink.lost++;
			xt_log_sink_count(1);
		}
	} else if (!sent) {
		line_put_stderr(line);
	}
}

static void on_line(void *ctx, const struct xt_log_line *line)
{
	(void)ctx;
	pthread_mutex_lock(&sink.lock);
	line_put(line);
	pthread_mutex_unlock(&sink.lock);
}

/* --- choice --- */

/* systemd gives device and inode of the stream that it made standard error. */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	int end = 0;

	return text && sscanf(text, "%llu:%llu%n", &device, &inode, &end) == 2 && !text[end] &&
	       fstat(STDERR_FILENO, &st) == 0 && (unsigned long long)st.st_dev == device &&
	       st.st_ino == inode;
}

static enum form form_choose(bool background)
{
	const char *format = getenv("LOG_FORMAT");
	bool json = format && strcmp(format, "json") == 0;
	bool text = format && strcmp(format, "text") == 0;

	if (format && *format && !json && !text && !sink.opened)
		xt_message("LOG_FORMAT=%.20s: text or json was expected", format);
	sink.opened = true;
	if (background)
		return BACKGROUND;
	if (json)
		return JSON;
	return !text && stderr_is_journal() ? JOURNAL : TEXT;
}

static void address_set(struct sockaddr_un *out, const char *path)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(out->sun_path, sizeof(out->sun_path), "%s", path);
}

void xt_log_sink_open(const struct xt_log_sink_options *options)
{
	sink.form = form_choose(options->background);
	sink.detached = stderr_is_journal(); /* else it would have those lines twice */
	sink.origin.pid = getpid();
	snprintf(sink.origin.interface, sizeof(sink.origin.interface), "%s", options->interface);
	address_set(&sink.journal, options->journal ? options->journal : JOURNAL_SOCKET);
	address_set(&sink.syslog, options->syslog ? options->syslog : SYSLOG_SOCKET);
	if ((sink.form == JOURNAL || sink.form == BACKGROUND) && sink.fd < 0)
		sink.fd = xt_fd_socket(AF_UNIX, SOCK_DGRAM, true);
	tzset(); /* it reads a file, which localtime_r does not do again */
	if (sink.form == TEXT)
		xt_log_set_sink(NULL, NULL);
	else
		xt_log_set_sink(on_line, NULL);
}

void xt_log_sink_detach(void)
{
	pthread_mutex_lock(&sink.lock);
	sink.detached = true;
	pthread_mutex_unlock(&sink.lock);
}

void xt_log_sink_count_in(struct xt_log_sink_counts *counts)
{
	atomic_store(&counts->place, atomic_load(&sink.counts->place));
	atomic_store(&counts->lost, atomic_load(&sink.counts->lost));
	sink.counts = counts;
}

unsigned long xt_log_sink_lost(void)
{
	return atomic_load(&sink.counts->lost);
}

const char *xt_log_sink_place(void)
{
	static const char *const words[] = {"none", "stderr", "journal", "syslog"};
	unsigned place = atomic_load(&sink.counts->place);

	return words[place < XT_LEN(words) ? place : 0];
}
