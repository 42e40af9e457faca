/* The asking end of the socket that wg(8) speaks to. */
#ifndef XT_CLI_UAPI_QUERY_H
#define XT_CLI_UAPI_QUERY_H

#include <stddef.h>

/* The whole reply to get, errno=0 and the empty line included; malloc'ed, holds keys. enum xt_exit;
 * the sentence was said. */
int xt_uapi_query(const char *name, char **text, size_t *len);

/* The names of those who answer; xt_rundir_list_free. -errno. */
int xt_uapi_list(char ***names, size_t *n);

#endif
