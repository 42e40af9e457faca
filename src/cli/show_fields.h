/* The forms of `wg show` for scripts: one field or all of them, TABs between. */
#ifndef XT_CLI_SHOW_FIELDS_H
#define XT_CLI_SHOW_FIELDS_H

#include <stdbool.h>

/* Is it "dump", "peers", "allowed-ips" ...? false: *near is the one that was probably meant, or
 * NULL. */
bool xt_show_field_known(const char *field, const char **near);

/* Of one endpoint, each line with its name in front when named is true; asks at the socket of
 * wg(8). enum xt_exit; the sentence was said. */
int xt_show_field(const char *name, const char *field, bool named);

/* The names of all that answer there or at our own sockets, on one line. */
int xt_show_interfaces(void);
/* xt_show_field for all of them. */
int xt_show_field_all(const char *field);

#endif
