/* SPDX-License-Identifier: MIT */
/* The functions of libmicrohttpd that are used, loaded at run time. */
#ifndef XT_EXPORTER_MICROHTTPD_H
#define XT_EXPORTER_MICROHTTPD_H

#include <microhttpd.h>

#define XT_MHD_FUNCTIONS(X)                                                                        \
	X(start_daemon)                                                                            \
	X(stop_daemon)                                                                             \
	X(get_daemon_info)                                                                         \
	X(run)                                                                                     \
	X(get_timeout)                                                                             \
	X(get_connection_info)                                                                     \
	X(get_connection_values)                                                                   \
	X(lookup_connection_value)                                                                 \
	X(suspend_connection)                                                                      \
	X(resume_connection)                                                                       \
	X(create_response_from_buffer)                                                             \
	X(create_response_from_callback)                                                           \
	X(add_response_header)                                                                     \
	X(queue_response)                                                                          \
	X(destroy_response)                                                                        \
	X(get_version)

struct xt_mhd {
#define X(name) __typeof__(&MHD_##name) name;
	XT_MHD_FUNCTIONS(X)
#undef X
};

/* NULL: the library is not here. Loaded once, for good. */
const struct xt_mhd *xt_mhd_load(void);

#endif
