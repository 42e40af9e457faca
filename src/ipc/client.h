/* SPDX-License-Identifier: MIT */
/* The client of the control socket: blocking, one JSON object a line. */
#ifndef XT_IPC_CLIENT_H
#define XT_IPC_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct xt_client;

/* -ENOENT, -ECONNREFUSED: no instance; -EACCES; -EPERM: the process that listens is neither root's
 * nor this user's; -ETIMEDOUT: it accepts no connection; -ENAMETOOLONG; XT_E_NOMEM. */
int xt_client_open(struct xt_client **out, const char *path);
void xt_client_close(struct xt_client *client); /* NULL does nothing */
int xt_client_fd(const struct xt_client *client);
/* From now on, while an answer is awaited, report gets what the instance says of its progress: so
 * much of total is done. */
typedef void xt_client_progress(void *ctx, uint64_t done, uint64_t total);
void xt_client_on_progress(struct xt_client *client, xt_client_progress *report, void *ctx);

/* Takes the reference of msg. -EPIPE: the instance closed the connection; -ETIMEDOUT; -errno;
 * XT_E_NOMEM. */
int xt_client_send(struct xt_client *client, json_t *msg);
/* Bytes behind the frames that were received, for an answer that is a stream: at least one. 0: the
 * instance closed the connection; -EINTR; -errno. */
ssize_t xt_client_read(struct xt_client *client, void *bytes, size_t len);
/* The next frame that is no progress; *out is the caller's reference, and its strings are printable
 * (base/text.h). -ETIMEDOUT: no byte for silence_ms (usually XT_SOCKET_SILENCE_MS); -EPIPE;
 * XT_E_SYNTAX: not a JSON object, or longer than XT_FRAME_MAX. */
int xt_client_recv(struct xt_client *client, int silence_ms, json_t **out);
/* Clean all strings of a frame, so that no caller can print what controls a terminal;
 * xt_client_recv has done it. false: a key is not printable, which no instance sends, or there is
 * no memory. */
bool xt_answer_clean(json_t *value);
/* Send a request and receive its answer, or the first of several, with all its parts joined. An
 * answer with "error" returns its "code" (or XT_E_INVALID), and *out holds it. -EPROTONOSUPPORT:
 * program and instance speak different protocols; *out has a sentence as "error". An answer that
 * came before the connection was closed counts, whatever of the request was sent. */
int xt_client_request(struct xt_client *client, json_t *msg, int silence_ms, json_t **out);
/* The same, but each part of the answer is handed over as it comes, and none is kept. use returns
 * 0, or the error with which the request ends. An answer with "error" is not handed over. */
typedef int xt_client_use(void *ctx, const json_t *part, bool first);
int xt_client_request_each(struct xt_client *client, json_t *msg, int silence_ms,
			   xt_client_use *use, void *ctx);

#endif
