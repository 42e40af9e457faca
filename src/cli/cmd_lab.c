/* SPDX-License-Identifier: MIT */
/* lab: hosts on this machine, with tunnels between them, for as long as a command runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/lab.h"
#include "cli/term.h"

enum { HOSTS, HOST, HUB, NAT, LOSS, DELAY, CAPTURE };
const struct xt_option xt_lab_options[] = {
    {'n', "hosts", "N", "how many hosts (2), at most 64"},
    {'i', "host", "N", "the host that the shell or COMMAND runs in (1)"},
    {'u', "hub", NULL, "host1 is a hub; the others reach each other through it"},
    {'t', "nat", NULL, "all but host1 are behind NAT; more than two need --hub, which is set"},
    {'l', "loss", "PERCENT", "packets lost on the way to each host"},
    {'d', "delay", "MS", "milliseconds added on the way to each host"},
    {'w', "capture", "FILE", "write the packets of host1 for Wireshark, with the keys"},
    {0},
};
const char xt_text_lab[] =
    "\nHosts are network namespaces of this machine with an instance of this program in each, fresh\n"
    "keys and a router between them. Outside they have addresses of 198.18.0.0/15, behind NAT of\n"
    "10.0.0.0/8, inside the tunnel of 192.168.7.0/24 and fd07::/64; `ping host2` goes through the\n"
    "tunnel. Without COMMAND it is an interactive shell; its options need -- before it.\n"
    "All of it is in namespaces of its own and ends with the command, also when it is interrupted;\n"
    "nothing is left on this machine but FILE. A user who may make user namespaces and open\n"
    "/dev/net/tun needs no root. It needs ip and tc of iproute2, for --nat also nft; --loss and\n"
    "--delay need netem in the kernel.\n"
    "The exit status is that of COMMAND; 1 when the lab cannot be made.\n";

/* A number of percent, as tc(8) reads it. */
static bool loss_valid(const char *text)
{
	size_t digits = strspn(text, "0123456789"), n = digits;

	if (text[n] == '.')
		n += 1 + strspn(text + n + 1, "0123456789");
	return digits > 0 && n < 12 && text[n] == '\0' && strtod(text, NULL) <= 100;
}

static bool lab_parse(struct xt_lab *lab, const struct xt_args *args)
{
	uint64_t hosts, host, delay;

	if (!xt_args_number(args, HOSTS, 2, XT_LAB_HOSTS_MAX, 2, &hosts) ||
	    !xt_args_number(args, HOST, 1, hosts, 1, &host) ||
	    !xt_args_number(args, DELAY, 0, 60000, 0, &delay))
		return false;
	if (args->given[LOSS] && !loss_valid(args->value[LOSS])) {
		xt_message("lab --loss %.40s: not a number from 0 to 100", args->value[LOSS]);
		return false;
	}
	*lab = (struct xt_lab){.hosts = (unsigned)hosts,
			       .host = (unsigned)host,
			       .hub = args->given[HUB] || (args->given[NAT] && hosts > 2),
			       .nat = args->given[NAT],
			       .loss = args->value[LOSS],
			       .delay_ms = (unsigned)delay,
			       .capture_fd = -1,
			       .command = args->n ? args->operands : NULL};
	return true;
}

/* With secrets in it, as every file of keys. */
static int capture_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && (fchmod(fd, 0600) < 0 || ftruncate(fd, 0) < 0)) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		xt_message("lab --capture %.200s: %s", path, strerror(errno));
	return fd;
}

int xt_cmd_lab(const struct xt_args *args)
{
	struct xt_lab lab;
	int status;

	if (!lab_parse(&lab, args))
		return XT_EXIT_USAGE;
	if (!xt_lab_possible())
		return XT_EXIT_FAILURE;
	if (args->given[CAPTURE]) {
		lab.capture_fd = capture_open(args->value[CAPTURE]);
		if (lab.capture_fd < 0)
			return XT_EXIT_FAILURE;
	}
	status = xt_lab_run(&lab);
	if (lab.capture_fd >= 0)
		close(lab.capture_fd);
	return status;
}
