/* The control socket: one JSON object a line, both ways. */
#ifndef XT_IPC_CONTROL_UV_H
#define XT_IPC_CONTROL_UV_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

struct xt_control;
struct xt_control_request;

/* handle     msg is borrowed. 0: answered or will be; negative XT_E_* or -errno: answered here as
 *	      {"error": sentence, "code": number}, the request is over
 * cancelled  see server_uv.h; may be NULL
 * listen_fd  above 0: listens already, at path */
struct xt_control_options {
	const char *path;
	int listen_fd;
	int (*handle)(void *ctx, struct xt_control_request *request, const json_t *msg);
	void (*cancelled)(void *ctx, struct xt_control_request *request);
	void *ctx;
};

int xt_control_open(struct xt_control **out, uv_loop_t *loop,
		    const struct xt_control_options *options);
/* Requests that are open are gone without a notice. May be called by handle. */
void xt_control_close(struct xt_control *control);

/* answer: its reference is taken; NULL (no memory) cuts the client off. last: no more follow,
 * request is gone. Otherwise it lives on until a last answer or the notice. */
void xt_control_reply(struct xt_control_request *request, json_t *answer, bool last);
void xt_control_error(struct xt_control_request *request, int error, const char *sentence);
void xt_control_set(struct xt_control_request *request, void *data);
void *xt_control_get(const struct xt_control_request *request);

#endif
