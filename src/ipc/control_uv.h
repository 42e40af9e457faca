/* SPDX-License-Identifier: MIT */
/* The control socket: one JSON object a line in both directions. */
#ifndef XT_IPC_CONTROL_UV_H
#define XT_IPC_CONTROL_UV_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

struct xt_control;
struct xt_control_request;

/* handle     msg is borrowed. 0: it has answered or will; negative XT_E_* or -errno: the error is
 *	      answered as {"error": sentence, "code": number} and the request has ended
 * cancelled, ended, path, listen_fd, remove  see server_uv.h; the callbacks may be NULL
 * owner    the user, beside root, whose clients may do everything (not the one of this process,
 *          which may have given its own up) */
struct xt_control_options {
	const char *path;
	int listen_fd;
	uid_t owner;
	int (*handle)(void *ctx, struct xt_control_request *request, const json_t *msg);
	void (*cancelled)(void *ctx, struct xt_control_request *request);
	void (*ended)(void *ctx, struct xt_control_request *request);
	void (*remove)(void *ctx);
	void *ctx;
};

int xt_control_open(struct xt_control **out, uv_loop_t *loop,
		    const struct xt_control_options *options);
/* Serve listen_fd, a new socket; open requests stay. What xt_server_listen_again
 * returns. */
int xt_control_listen_again(struct xt_control *control, int listen_fd);
/* Open requests end without a call of cancelled. handle may call it. Freed in a later iteration of
 * the loop. */
/* As xt_server_pause and xt_server_listen_fd. */
void xt_control_pause(struct xt_control *control, bool pause);
int xt_control_listen_fd(const struct xt_control *control);
void xt_control_close(struct xt_control *control);

/* Takes the reference of answer; NULL (no memory) closes the connection. last: no more answers
 * follow and request is invalid; otherwise it is valid until a last answer or cancelled. */
void xt_control_reply(struct xt_control_request *request, json_t *answer, bool last);
/* A long last answer in two steps, of which the first may be taken on any thread: print it as
 * lines, then write these piece by piece.
 * answer     its reference is taken; NULL: XT_E_NOMEM
 * versioned  of the request: its client takes an answer in several lines
 * text       malloc'ed and taken over by xt_control_reply_text; NULL closes the connection */
int xt_control_print(json_t *answer, bool versioned, char **text, size_t *len);
/* The same for a client that takes several lines, of an answer that is never there as a whole: what
 * is printed is on its way while the rest is made.
 * next      the next part, as xt_chunks_join adds them up; the caller's reference, NULL: no memory.
 *           *more: another one follows
 * begun     false before the first print
 * complete  true after the last one */
typedef json_t *xt_control_part(void *ctx, bool *more);
struct xt_control_long {
	xt_control_part *next;
	void *ctx;
	bool begun, complete;
};
/* The next whole lines, at least 100 KiB unless they are the last ones. An error is the end. */
int xt_control_print_long(struct xt_control_long *answer, char **text, size_t *len);
bool xt_control_versioned(const struct xt_control_request *request);
void xt_control_reply_text(struct xt_control_request *request, char *text, size_t len);
/* The same, but unless last, further text follows: the request stays valid, and cancelled is called
 * when its client goes. false: it is not valid, for lack of memory or because text is NULL. */
bool xt_control_reply_lines(struct xt_control_request *request, char *text, size_t len, bool last);
/* After a first answer: what follows on the connection is a stream of bytes (xt_request_stream).
 * write   copies
 * end     the connection closes when all is written; request is invalid then */
void xt_control_stream(struct xt_control_request *request);
void xt_control_write(struct xt_control_request *request, const void *bytes, size_t len);
void xt_control_end(struct xt_control_request *request);
void xt_control_error(struct xt_control_request *request, int error, const char *sentence);
/* Many answers follow, for as long as the client likes, and it may read them when it likes: the
 * connection is not closed for that. The caller bounds what waits. */
void xt_control_follow(struct xt_control_request *request);
/* Bytes of answers that the client has not read. */
size_t xt_control_unread(const struct xt_control_request *request);
/* What is told to a client that waits: so much of total is done. 0 of 0: not known. */
void xt_control_progress(struct xt_control_request *request, uint64_t done, uint64_t total);
void xt_control_set(struct xt_control_request *request, void *data);
void *xt_control_get(const struct xt_control_request *request);

#endif
