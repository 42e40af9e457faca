/* SPDX-License-Identifier: MIT */
/* A Unix stream socket that answers requests, on a uv loop. It knows framing and clients, not what
 * requests mean: bytes in, bytes out. JSON is a layer above it (control_uv.h). */
#ifndef XT_IPC_SERVER_UV_H
#define XT_IPC_SERVER_UV_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "ipc/frame.h"

struct xt_server;
struct xt_request;

/* path         of the socket to make; copied. With listen_fd it is not used
 * handle       called for each complete request, one at a time per client; data is wiped after it
 *              returned. It answers with xt_request_reply, before or after it returns.
 * refuse       called for a request with a line that is too long: it may answer, and the connection
 *              closes. NULL: it closes without an answer
 * cancelled    the client closed the connection before its request was answered: the request is
 *              invalid after this returns. May be NULL.
 * ended        the client of a stream (xt_request_stream) has closed its sending side: the handler
 *              answers for the last time. NULL: such a request is cancelled
 * listen_fd    above 0: a descriptor that listens already; the server owns it from then on
 * remove       called at the end, and after an error, to remove the file of listen_fd's socket,
 *              which the server does not know. May be NULL
 * max_request  longest request in bytes; 0: 64 KiB
 * max_clients  connections beyond this number are closed at once; 0: 64
 * keep_idle    true: a client may be silent between requests for any time; when max_clients is
 *              reached, the one that has been silent longest is closed
 * stall_ms     a client that does not complete a request it has begun, or does not read its
 *              answers, is closed after this time without progress; 0: 10,000 */
struct xt_server_options {
	const char *path;
	enum xt_framing framing;
	void (*handle)(void *ctx, struct xt_request *request, const char *data, size_t len);
	void (*refuse)(void *ctx, struct xt_request *request);
	void (*cancelled)(void *ctx, struct xt_request *request);
	void (*ended)(void *ctx, struct xt_request *request);
	void (*remove)(void *ctx);
	void *ctx;
	int listen_fd;
	size_t max_request;
	unsigned max_clients;
	bool keep_idle;
	unsigned stall_ms;
};

/* Creates the socket's directory (0755) when it is missing, but not that directory's parents.
 * Replaces a socket on which no process listens. SIGPIPE is ignored from then on. -EADDRINUSE: a
 * process listens there, or the file is no socket; -ENAMETOOLONG; -errno; XT_E_NOMEM. */
int xt_server_open(struct xt_server **out, uv_loop_t *loop,
		   const struct xt_server_options *options);
/* Closes all clients (open requests end without a call of cancelled), removes the socket unless
 * another has replaced it (see remove), and frees itself in a later iteration of the loop. NULL
 * does nothing. */
void xt_server_close(struct xt_server *server);
/* Serve listen_fd, a new socket, in place of the present one; connections stay. 0;
 * XT_E_NOMEM or -errno, with the present socket still served. Takes listen_fd unless it is no
 * socket. */
int xt_server_listen_again(struct xt_server *server, int listen_fd);
/* Accept no connection, or go on: those that come wait. */
void xt_server_pause(struct xt_server *server, bool pause);
/* The listening descriptor, which stays the server's, for another process. */
int xt_server_listen_fd(const struct xt_server *server);
unsigned xt_server_clients(const struct xt_server *server);

/* Back-pressure: no request is handed over while its client has 64 KiB of answers unread, or all
 * clients together 64 MiB, so that slow readers cost a bounded amount of memory.
 *
 * Answer: data is copied; last ends the request (several answers may precede it). Without memory,
 * or with 128 MiB unread, the client is aborted instead; cancelled is called later, unless this
 * was the last answer. */
void xt_request_reply(struct xt_request *request, const void *data, size_t len, bool last);
/* End the request without an answer; the connection closes when earlier answers are written. */
void xt_request_close(struct xt_request *request);
/* Close the connection in the next iteration of the loop; cancelled is called then. */
void xt_request_abort(struct xt_request *request);
/* Many answers follow, and the client may take any time to read them: what waits is bounded by the
 * handler. A stream is so too, and its client ends it by closing its sending side. */
void xt_request_follow(struct xt_request *request);
void xt_request_stream(struct xt_request *request);
/* The user of the client's process. 0 or -errno. */
int xt_request_uid(const struct xt_request *request, uid_t *uid);
/* Bytes of answers that the client has not read. */
size_t xt_request_unread(const struct xt_request *request);
/* Bytes of an answer that the handler holds (or, negative, no longer holds): they count as unread,
 * so that other requests are held back. */
void xt_request_pledge(struct xt_request *request, ssize_t len);
/* All clients together have more unread than is allowed. */
bool xt_server_full(const struct xt_server *server);
/* From within handle: data becomes the handler's, malloc'ed, to be wiped and freed. NULL: no
 * memory. */
char *xt_request_take(struct xt_request *request);
/* One pointer for the handler. */
void xt_request_set(struct xt_request *request, void *data);
void *xt_request_get(const struct xt_request *request);

#endif
