/* SPDX-License-Identifier: MIT */
/* Where the log lines of an instance go.
 *
 *   LOG_FORMAT=json    standard error, one JSON object a line
 *   LOG_FORMAT=text    standard error, text
 *   JOURNAL_STREAM     names standard error: journald, by its native protocol
 *   in the background  journald where its socket is, else the local syslog; warnings and messages
 *                      go to standard error as well until xt_log_sink_detach
 *   otherwise          standard error, text
 *
 * Nothing waits for journald or syslog: a datagram that they do not take at once is dropped and
 * counted, and the count follows as a line of its own as soon as there is room. Their sockets may
 * go and come back. */
#ifndef XT_HOST_LOG_SINK_H
#define XT_HOST_LOG_SINK_H

#include <stdatomic.h>
#include <stdbool.h>

/* interface   name of the instance; copied
 * background  there will be no standard error
 * journal, syslog  paths of the sockets; NULL: those of the system */
struct xt_log_sink_options {
	const char *interface;
	bool background;
	const char *journal, *syslog;
};

/* Set the log's sink, before any other thread is started. Again: with other options. */
void xt_log_sink_open(const struct xt_log_sink_options *options);
/* From now on nothing goes to standard error in the background. */
void xt_log_sink_detach(void);
/* Where the sink keeps what the two functions below return: memory that another process reads, in
 * which they return what it has written. From now on; counts stays the caller's. */
struct xt_log_sink_counts {
	atomic_uint place;
	atomic_ulong lost;
};
void xt_log_sink_count_in(struct xt_log_sink_counts *counts);
/* So many lines were dropped on the way to the sink. */
void xt_log_sink_count(unsigned long lost);
/* Lines that were dropped since the start. */
unsigned long xt_log_sink_lost(void);
/* "journal", "syslog" or "stderr": where the latest line went; "none": nowhere. */
const char *xt_log_sink_place(void);

#endif
