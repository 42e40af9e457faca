/* SPDX-License-Identifier: MIT */
/* Messages for what fails on the way up, and the next step on Windows. */
#include "daemon/explain.h"

#include <errno.h>

#include "base/message.h"

void xt_explain_open(void)
{
}

/* There are no capabilities that an administrator lacks. */
bool xt_explain_root(const char *capability)
{
	(void)capability;
	return false;
}

static void rights_hint(void)
{
	xt_hint("it takes an administrator: start the console by \"Run as administrator\", or let "
		"the service manager start it");
}

void xt_explain_running(const char *name)
{
	xt_message("%s is running already", name);
	xt_hint("xtunnel show %s prints its state; xtunnel down %s ends it", name, name);
}

void xt_explain_tun(const char *name, int error)
{
	switch (error) {
	case -EBUSY:
		xt_message("cannot make the interface %s: the name is in use", name);
		xt_hint("`netsh interface show interface` shows by what; end it, or give the file "
			"another name");
		break;
	case -EPERM:
	case -EACCES:
		xt_message("cannot make the interface %s: not permitted", name);
		rights_hint();
		break;
	case -ENOENT:
		xt_message("there is no wintun.dll beside xtunnel.exe, and no TAP-Windows adapter");
		xt_hint("get it from www.wintun.net, and put the file of this processor beside the "
			"program");
		break;
	default:
		xt_message("cannot make the interface %s: %s", name, xt_strerror(error));
		break;
	}
}

void xt_explain_udp(const struct xt_conf *conf, int error)
{
	unsigned port = conf->has_port ? conf->listen_port : 0;

	if (error == -EADDRINUSE || error == -EACCES) {
		xt_message("%s: cannot bind UDP port %u: in use, or reserved", conf->name, port);
		xt_hint("`netstat -abn -p udp` shows by which program; or choose another "
			"ListenPort");
	} else {
		xt_message("%s: cannot open UDP port %u: %s", conf->name, port, xt_strerror(error));
	}
}

void xt_explain_link(const char *name, const char *sentence, int error)
{
	xt_message("%s: %s", name, sentence);
	if (error == -EPERM || error == -EACCES)
		rights_hint();
	else if (error == -EEXIST)
		xt_hint("something else on this host has it already; `netsh interface ip show "
			"addresses` and `route print` show what");
}

void xt_explain_socket(const char *path, int error)
{
	xt_message("%s: %s", path, xt_strerror(error));
	if (error == -EACCES || error == -EPERM)
		rights_hint();
}
