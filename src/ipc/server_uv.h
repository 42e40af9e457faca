/* A Unix stream socket that answers requests, on a uv loop. It knows framing and clients, not what
 * requests mean: bytes in, bytes out. JSON sits on top (control_uv.h). */
#ifndef XT_IPC_SERVER_UV_H
#define XT_IPC_SERVER_UV_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "ipc/frame.h"

struct xt_server;
struct xt_request;

/* handle     called for each complete request, one at a time per client; data is wiped after it
 *	      returned. Answers with xt_request_reply now or later.
 * cancelled  the client of a request that is not answered yet has gone: the request is dead after
 *	      this returns. May be NULL.
 * listen_fd    above 0: listens already, and is the server's from then on; path is where it stands
 * max_request  longest request in bytes; 0: 64 KiB
 * max_clients  more at once are turned away; 0: 64
 * patient      a client may be silent between requests for as long as it likes; when all places are
 *              taken, the one that has been so longest gives way
 * stall_ms     a client that began a request and does not get on with it, or does not take its
 *              answer, is cut off after so long; 0: 10,000 */
struct xt_server_options {
	const char *path;
	enum xt_framing framing;
	void (*handle)(void *ctx, struct xt_request *request, const char *data, size_t len);
	void (*cancelled)(void *ctx, struct xt_request *request);
	void *ctx;
	int listen_fd;
	size_t max_request;
	unsigned max_clients;
	bool patient;
	unsigned stall_ms;
};

/* The directory is made (0755) when it is missing, not its parents'. A socket that nobody listens
 * on is taken over. SIGPIPE is ignored from then on. -EADDRINUSE: somebody listens, or what is
 * there is no socket; -ENAMETOOLONG; -errno; XT_E_NOMEM. */
int xt_server_open(struct xt_server **out, uv_loop_t *loop,
		   const struct xt_server_options *options);
/* Cuts all clients off (requests are cancelled without a notice), removes the socket if it is still
 * ours, and frees itself once the loop has run on. NULL is fine. */
void xt_server_close(struct xt_server *server);
/* Is the socket that was opened still at its path? */
bool xt_server_there(const struct xt_server *server);
unsigned xt_server_clients(const struct xt_server *server);

/* Requests are held back while a client has answers unread, and while all clients together leave
 * much unread: who reads slowly costs a bounded amount of memory.
 *
 * Answer: bytes are copied; last ends the request (more answers may come before it). Without
 * memory, or when the client left too much unread, it is cut off; the notice of that comes later,
 * unless this was the last answer. */
void xt_request_reply(struct xt_request *request, const void *data, size_t len, bool last);
void xt_request_close(
    struct xt_request *request); /* ends it; the client is cut off when all is written */
void xt_request_abort(struct xt_request *request); /* cut the client off; the notice comes later */
/* For whoever handles it. */
void xt_request_set(struct xt_request *request, void *data);
void *xt_request_get(const struct xt_request *request);

#endif
