/* SPDX-License-Identifier: MIT */
/* The relay of log lines: one datagram a line, and a page of counters that the receiver writes and
 * the sender reads. */
#include "host/log_relay.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "host/log_sink.h"
#include "host/stderr.h"
#include "platform/fd.h"

#define QUEUE	 (4 << 20) /* bytes, of which the kernel counts 768 for a short line */
#define TEXT_MAX 4096u	   /* of one datagram */
#define READS	 256	   /* between two passes */
#define PAUSE_NS 50000

enum kind { LINE = 1, OUTPUT, LEVEL, FLUSH };
enum { MESSAGE = 1, PEER = 2, CODE = 4, TAKEN = 1 };

/* level   of the line; LEVEL: the threshold
 * flags   of a line; PEER, CODE: that field follows its text. Of FLUSH; TAKEN: at once
 * lost    lines dropped since the datagram before
 * serial  FLUSH: is put into the counters when everything before it has been written
 * text    LINE: strings with their NUL; OUTPUT: bytes */
struct datagram {
	uint8_t kind, level, flags, zero;
	uint32_t lost, serial;
	char text[TEXT_MAX];
};

#define HEAD offsetof(struct datagram, text)

struct counters {
	struct xt_log_sink_counts sink;
	atomic_uint written;
};

static struct {
	struct counters *counters;
	int sender, receiver;
	char interface[64];
	atomic_uint lost, serial; /* of the sender */
	atomic_uint flush;	  /* of the receiver: the serial that waits */
} relay = {.sender = -1, .receiver = -1};

/* --- sender --- */

/* 0 or -errno; errno is preserved. */
static int datagram_send(struct datagram *datagram, size_t len)
{
	int saved = errno, rc = 0;

	datagram->lost = atomic_exchange(&relay.lost, 0);
	if (send(relay.sender, datagram, HEAD + len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		rc = -errno;
		atomic_fetch_add(&relay.lost, datagram->lost);
	}
	errno = saved;
	return rc;
}

static size_t text_add(struct datagram *datagram, size_t at, const char *text)
{
	size_t n = strnlen(text, TEXT_MAX / 4);

	memcpy(datagram->text + at, text, n);
	datagram->text[at + n] = '\0';
	return at + n + 1;
}

static void on_line(void *ctx, const struct xt_log_line *line)
{
	struct datagram datagram = {.kind = LINE, .level = (uint8_t)line->level};
	size_t n = text_add(&datagram, 0, line->text);

	(void)ctx;
	datagram.flags = line->message ? MESSAGE : 0;
	if (line->about.peer) {
		datagram.flags |= PEER;
		n = text_add(&datagram, n, line->about.peer);
	}
	if (line->about.code) {
		datagram.flags |= CODE;
		n = text_add(&datagram, n, line->about.code);
	}
	if (datagram_send(&datagram, n) < 0)
		atomic_fetch_add(&relay.lost, 1);
}

static void on_output(const char *text, size_t len)
{
	struct datagram datagram = {.kind = OUTPUT};

	for (size_t n; len; text += n, len -= n) {
		n = XT_MIN(len, sizeof(datagram.text));
		memcpy(datagram.text, text, n);
		if (datagram_send(&datagram, n) < 0)
			atomic_fetch_add(&relay.lost, 1);
	}
}

void xt_log_relay_send(int sender)
{
	relay.sender = sender;
	relay.receiver = -1;
	(void)mprotect(relay.counters, sizeof(*relay.counters), PROT_READ);
	if (xt_log_has_sink())
		xt_log_set_sink(on_line, NULL);
	xt_output_set(on_output);
}

void xt_log_relay_level(void)
{
	struct datagram datagram = {.kind = LEVEL, .level = (uint8_t)xt_log_level()};

	if (relay.sender >= 0)
		(void)datagram_send(&datagram, 0);
}

static bool flushed_await(unsigned serial, unsigned ms)
{
	struct timespec pause = {.tv_nsec = PAUSE_NS};
	uint64_t left_ns = (uint64_t)ms * 1000000;

	while ((int)(atomic_load(&relay.counters->written) - serial) < 0) {
		if (left_ns < PAUSE_NS)
			return false;
		left_ns -= PAUSE_NS;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static bool relay_flush(uint8_t flags, unsigned ms)
{
	struct datagram datagram = {.kind = FLUSH, .flags = flags};
	int rc;

	datagram.serial = atomic_fetch_add(&relay.serial, 1) + 1;
	while ((rc = datagram_send(&datagram, 0)) < 0) {
		if (!ms || rc == -EPIPE)
			return false;
		ms--;
		(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return flushed_await(datagram.serial, ms);
}

bool xt_log_flush(unsigned ms)
{
	if (relay.sender >= 0)
		return relay_flush(0, ms);
	xt_stderr_flush(ms);
	return xt_stderr_idle();
}

bool xt_log_taken(unsigned ms)
{
	return relay.sender < 0 || relay_flush(TAKEN, ms);
}

/* --- receiver --- */

/* On the thread that writes standard error too. */
static void flush_publish(void)
{
	atomic_store(&relay.counters->written, atomic_load(&relay.flush));
}

/* The string at *at of text, cleaned; NULL: it has no end there, or is too long. */
static char *string_take(struct datagram *datagram, size_t len, size_t *at, size_t max)
{
	char *text = datagram->text + *at;
	char *end = *at < len ? memchr(text, '\0', len - *at) : NULL;

	if (!end || (size_t)(end - text) > max)
		return NULL;
	*at += (size_t)(end - text) + 1;
	xt_text_clean(text);
	return text;
}

static bool line_put(struct datagram *datagram, size_t len)
{
	struct xt_log_line line = {.level = (enum xt_log_level)datagram->level,
				   .message = datagram->flags & MESSAGE};
	size_t at = 0;

	if (!datagram->level || datagram->level >= XT_LOG_LEVELS ||
	    datagram->flags & ~(MESSAGE | PEER | CODE))
		return false;
	line.text = string_take(datagram, len, &at, TEXT_MAX);
	if (datagram->flags & PEER && !(line.about.peer = string_take(datagram, len, &at, 127)))
		return false;
	if (datagram->flags & CODE && !(line.about.code = string_take(datagram, len, &at, 127)))
		return false;
	if (!line.text || at != len)
		return false;
	xt_log_put(&line);
	return true;
}

/* The line ends of the text stay; what is between them is cleaned, and may become shorter. */
static bool output_put(const struct datagram *datagram, size_t len)
{
	char text[TEXT_MAX + 1];
	size_t put = 0, n;

	if (!len)
		return false;
	memcpy(text, datagram->text, len);
	for (size_t i = 0, from = 0; i <= len; i++) {
		if (i < len && text[i] && text[i] != '\n')
			continue;
		text[i] = '\0';
		xt_text_clean(text + from);
		n = strlen(text + from);
		memmove(text + put, text + from, n);
		put += n;
		if (i < len)
			text[put++] = datagram->text[i] == '\n' ? '\n' : '?';
		from = i + 1;
	}
	xt_output_put(text, put);
	return true;
}

static bool datagram_put(struct datagram *datagram, size_t len)
{
	bool good = !datagram->zero;

	if (good && datagram->lost) {
		xt_log_sink_count(datagram->lost);
		xt_log_warning("%s: %u log line%s lost: the log was not read in time",
			       relay.interface, (unsigned)datagram->lost,
			       datagram->lost == 1 ? " was" : "s were");
	}
	switch (good ? datagram->kind : 0) {
	case LINE:
		return line_put(datagram, len);
	case OUTPUT:
		return output_put(datagram, len);
	case LEVEL:
		good = !len && datagram->level < XT_LOG_LEVELS;
		if (good)
			xt_log_set_level((enum xt_log_level)datagram->level);
		return good;
	case FLUSH:
		if ((int32_t)(datagram->serial - atomic_load(&relay.flush)) > 0)
			atomic_store(&relay.flush, datagram->serial);
		if (datagram->flags & TAKEN || xt_stderr_idle())
			flush_publish();
		return !len;
	default:
		return false;
	}
}

int xt_log_relay_read(void)
{
	struct datagram datagram;

	for (int i = 0; relay.receiver >= 0 && i < READS; i++) {
		ssize_t n =
		    recv(relay.receiver, &datagram, sizeof(datagram), MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			return -EPIPE;
		if ((size_t)n < HEAD || (size_t)n > sizeof(datagram) ||
		    !datagram_put(&datagram, (size_t)n - HEAD))
			return -EPROTO;
	}
	return 0;
}

/* --- both --- */

int xt_log_relay_open(int *sender, int *receiver, const char *interface)
{
	int ends[2], rc;

	if (xt_fd_socketpair(SOCK_SEQPACKET, true, ends) < 0)
		return -errno;
	relay.counters = mmap(NULL, sizeof(*relay.counters), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANON, -1, 0);
	if (relay.counters == MAP_FAILED) {
		rc = -errno;
		relay.counters = NULL;
		close(ends[0]);
		close(ends[1]);
		return rc;
	}
	xt_fd_send_buffer(ends[0], QUEUE);
	snprintf(relay.interface, sizeof(relay.interface), "%s", interface);
	xt_log_sink_count_in(&relay.counters->sink);
	xt_stderr_on_idle(flush_publish);
	*sender = ends[0];
	*receiver = relay.receiver = ends[1];
	return 0;
}
