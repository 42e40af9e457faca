/* SPDX-License-Identifier: MIT */
/* What the person at the terminal is told of a lab. */
#include <stdio.h>

#include "cli/lab.h"

/* Is this process in a user namespace that knows one user only? */
static bool user_space_alone(void)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned inside, outside, n = 0;

	if (map) {
		if (fscanf(map, "%u %u %u", &inside, &outside, &n) != 3)
			n = 0;
		fclose(map);
	}
	return n == 1;
}

static void hosts_describe(const struct xt_lab *lab)
{
	char outside[64];

	for (unsigned i = 1; i <= lab->hosts; i++) {
		if (xt_lab_behind_nat(lab, i))
			snprintf(outside, sizeof(outside), "10.%u.0.2 behind nat%u 198.18.%u.2", i,
				 i, i);
		else
			snprintf(outside, sizeof(outside), "198.18.%u.2", i);
		fprintf(stderr, "  host%-3u outside %-32s inside 192.168.7.%u, fd07::%x\n", i,
			outside, i, i);
	}
}

void xt_lab_describe(const struct xt_lab *lab, pid_t outer)
{
	unsigned other = lab->host == 1 ? 2 : 1;

	if (lab->quiet)
		return;
	fprintf(stderr, "A lab of %u hosts%s; it is removed when the %s in host%u ends.\n\n",
		lab->hosts, lab->hub ? ", host1 is the hub" : "",
		lab->command ? "command" : "shell", lab->host);
	hosts_describe(lab);
	if (lab->loss || lab->delay_ms)
		fprintf(stderr, "\nOn the way to each host: %s%% lost, %u ms of delay.\n",
			lab->loss ? lab->loss : "0", lab->delay_ms);
	fprintf(
	    stderr,
	    "\nTry:\n"
	    "  ping host%u                       # through the tunnel\n"
	    "  xtunnel show                     # all instances; also: top, why host%u\n"
	    "  xtunnel capture host1 --outer    # packets inside and outside\n"
	    "  ip netns exec host%u bash         # a shell there; `ip netns` lists all\n"
	    "  cat " XT_LAB_DIR "/host%u.log           # its log; its file is host%u.conf\n"
	    "  %snsenter %s-m -n -p -t %ld ip netns exec host%u bash    # from another terminal\n\n",
	    other, other, other, other, other, user_space_alone() ? "" : "sudo ",
	    user_space_alone() ? "--preserve-credentials -U " : "", (long)outer, other);
}
