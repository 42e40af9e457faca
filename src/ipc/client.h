/* The asking end of the control socket: blocking, one JSON object a line. */
#ifndef XT_IPC_CLIENT_H
#define XT_IPC_CLIENT_H

#include <jansson.h>

struct xt_client;

/* -ENOENT, -ECONNREFUSED: nobody runs there; -EACCES; -ENAMETOOLONG; XT_E_NOMEM. */
int xt_client_open(struct xt_client **out, const char *path);
void xt_client_close(struct xt_client *client); /* NULL is fine */
int xt_client_fd(const struct xt_client *client);

/* msg: its reference is taken. -errno; -EPIPE: the endpoint has gone. */
int xt_client_send(struct xt_client *client, json_t *msg);
/* Next answer, the caller's reference. timeout_ms < 0: no limit. -ETIMEDOUT; -EPIPE; XT_E_SYNTAX:
 * no JSON object, or longer than 512 MiB. */
int xt_client_recv(struct xt_client *client, int timeout_ms, json_t **out);
/* Both, for requests with one answer. An answer with "error" is returned as its "code" (or
 * XT_E_INVALID) and kept in *out. */
int xt_client_request(struct xt_client *client, json_t *msg, int timeout_ms, json_t **out);

#endif
