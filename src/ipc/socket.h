/* Unix stream sockets by path. */
#ifndef XT_IPC_SOCKET_H
#define XT_IPC_SOCKET_H

#include <stdbool.h>
#include <sys/stat.h>

/* A listening socket of mode 0600, non-blocking and close-on-exec; its identity in *id. Makes the
 * last directory (0755). A socket that refuses connections is replaced. Descriptor or -errno. */
int xt_socket_listen(const char *path, struct stat *id);
/* Connected, close-on-exec, blocking. Descriptor or -errno. */
int xt_socket_connect(const char *path);
/* Unlink path if it is still the socket of id. */
void xt_socket_remove(const char *path, const struct stat *id);
/* The other end is closed; not merely its sending half, as of one who still waits for answers. */
bool xt_socket_hung_up(int fd);

#endif
