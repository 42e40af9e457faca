/* One endpoint as this process runs it, from the TUN's opening to the last hook. */
#ifndef XT_DAEMON_INSTANCE_H
#define XT_DAEMON_INSTANCE_H

#include "config/conf.h"

/* What run and up, or another program's place, want of it.
 * ready   -1, or a descriptor that gets one byte and is closed once the endpoint is ready; when the
 *         byte cannot be delivered, whoever wanted the endpoint is gone, and it ends
 * quiet   after ready, standard output and error go to /dev/null
 * dropin  somebody else sets up interface and peers: the socket for wg(8) is a must, and its removal
 *         is the end
 * tun_fd, uapi_fd  above 0: opened already (dropin only) */
struct xt_instance_options {
	int ready;
	bool quiet;
	bool dropin;
	int tun_fd, uapi_fd;
};

/* Runs until it is told to end (signal, `down`, interface deleted) and leaves nothing behind; or
 * fails on the way up, says why, and rolls back. enum xt_exit. conf: its keys are wiped as soon as
 * the device has them; dropin: its name becomes the interface's. */
int xt_instance_run(struct xt_conf *conf, const struct xt_instance_options *options);

#endif
