/* SPDX-License-Identifier: MIT */
/* One instance: a tunnel with its host configuration, run by this process from the opening of the
 * TUN device to the last hook. */
#ifndef XT_DAEMON_INSTANCE_H
#define XT_DAEMON_INSTANCE_H

#include "config/conf.h"

/* ready   -1, or a descriptor that the instance owns: it gets one byte and is closed once the
 *	   instance is ready; when the byte cannot be delivered, the process that asked for the
 *	   instance has ended, and the instance ends too
 * quiet   once ready, standard output and error go to /dev/null
 * dropin  in place of wireguard-go: another program configures interface and peers. The UAPI socket
 *	   is required, and its removal ends the instance
 * tun_fd, uapi_fd  above 0: opened already (dropin only)
 * adoption  NULL, or an instance of another process, which this one goes on with: its conf is the
 *	   one to run with. Borrowed */
struct xt_adoption;
struct xt_instance_options {
	int ready;
	bool quiet;
	bool dropin;
	int tun_fd, uapi_fd;
	struct xt_adoption *adoption;
};

/* Run until the end is asked for (signal, `down`, interface deleted) and leave nothing behind; or
 * fail on the way up, print why, and roll back. enum xt_exit. conf: its keys are wiped as soon as
 * the device has them; dropin: its name becomes the interface's. */
int xt_instance_run(struct xt_conf *conf, const struct xt_instance_options *options);

#endif
