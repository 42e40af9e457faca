/* SPDX-License-Identifier: MIT */
/* Messages for what fails on the way up, and the next step. */
#include "daemon/explain.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "platform/tun.h"

static struct {
	bool known;
	uid_t uid;
	char name[64];
} user;

void xt_explain_open(void)
{
	const struct passwd *entry = user.known ? NULL : getpwuid(geteuid());

	if (user.known)
		return;
	user.known = true;
	user.uid = geteuid();
	snprintf(user.name, sizeof(user.name), "%s", entry ? entry->pw_name : "USER");
}

bool xt_explain_root(const char *capability)
{
	xt_explain_open();
	if (user.uid != 0)
		return false;
	xt_hint("root lacks CAP_%s here; start a container with --cap-add %s%s", capability,
		capability, strcmp(capability, "NET_ADMIN") == 0 ? " --device /dev/net/tun" : "");
	return true;
}

static void rights_hint(const char *name)
{
	if (xt_explain_root("NET_ADMIN"))
		return;
	xt_hint("run it as root (sudo), or let root give the interface away once: write");
	xt_hint("\"#: Owner = %s\" into the file, then: sudo xtunnel up %s", user.name, name);
}

void xt_explain_running(const char *name)
{
	xt_message("%s is running already", name);
	xt_hint("xtunnel show %s prints its state; xtunnel down %s ends it", name, name);
}

void xt_explain_tun(const char *name, int error)
{
	if (xt_conf_name_reserved(name)) { /* the kernel's error for it is misleading */
		xt_message("cannot make the interface %s: the system keeps this name for itself",
			   name);
		xt_hint("give the file another name");
		return;
	}
	switch (error) {
	case -EBUSY:
		xt_message("cannot make the interface %s: the name is in use", name);
		xt_hint("`%s %s` shows by what; end it, or give the file another name",
			xt_tun_words.shows, name);
		break;
	case -EPERM:
	case -EACCES:
		xt_message("cannot make the interface %s: not permitted", name);
		rights_hint(name);
		break;
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		xt_message("%s", xt_tun_words.missing);
		xt_hint("%s", xt_tun_words.remedy);
		break;
	case -EINVAL:
		xt_message("%s: the kernel refuses this name for an interface", name);
		xt_hint("%s%sgive the file another name",
			xt_tun_words.names ? xt_tun_words.names : "",
			xt_tun_words.names ? "; " : "");
		break;
	default:
		xt_message("cannot make the interface %s: %s", name, xt_strerror(error));
		break;
	}
}

void xt_explain_udp(const struct xt_conf *conf, int error)
{
	unsigned port = conf->has_port ? conf->listen_port : 0;

	if (error == -EADDRINUSE) {
		xt_message("%s: cannot bind UDP port %u: in use", conf->name, port);
		xt_hint(
		    "`ss -lunp sport = %u` shows by which program; or choose another ListenPort",
		    port);
	} else if (error == -EACCES) {
		xt_message("%s: cannot bind UDP port %u: not permitted", conf->name, port);
		if (!xt_explain_root("NET_BIND_SERVICE"))
			xt_hint("choose a ListenPort above 1023, or run it as root");
	} else if (error == -EPERM && conf->fwmark) {
		xt_message("%s: cannot set FwMark: not permitted", conf->name);
		if (!xt_explain_root("NET_ADMIN"))
			xt_hint("it needs CAP_NET_ADMIN: run it as root, or take FwMark out of the "
				"file");
	} else {
		xt_message("%s: cannot open UDP port %u: %s", conf->name, port, xt_strerror(error));
	}
}

void xt_explain_link(const char *name, const char *sentence, int error)
{
	xt_message("%s: %s", name, sentence);
	if (error == -EPERM || error == -EACCES)
		rights_hint(name);
	else if (error == -EEXIST)
		xt_hint("something else on this host has it already; `ip address` and `ip route` "
			"show what");
}

void xt_explain_socket(const char *path, int error)
{
	xt_message("%s: %s", path, xt_strerror(error));
	if (error == -EACCES || error == -EPERM || error == -EROFS)
		xt_hint("set XT_RUN_DIR to another directory");
}
