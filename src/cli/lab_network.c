/* SPDX-License-Identifier: MIT */
/* The network of a lab: hosts, routers with NAT before them, and a router that is the internet.
 *
 *   hostN wire ------------------------------ hostN internet    198.18.N.2, .1
 *   hostN wire -- lan natN wire ------------- natN internet     10.N.0.2, .1; 198.18.N.2, .1 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "cli/lab.h"

bool xt_lab_behind_nat(const struct xt_lab *lab, unsigned i)
{
	return lab->nat && i > 1;
}

static bool setting_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, "1", 1) == 1;

	if (!written)
		xt_message("lab: cannot write %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return written;
}

/* This process stays in that namespace; all that it does later names one. */
static bool forwarding_enable(const char *name)
{
	if (!xt_lab_enter(name) || !setting_write("/proc/sys/net/ipv4/ip_forward"))
		return false;
	if (access("/proc/sys/net/ipv6/conf/all/forwarding", F_OK) < 0)
		return true; /* a kernel without IPv6 */
	return setting_write("/proc/sys/net/ipv6/conf/all/forwarding");
}

static bool space_add(const char *name)
{
	return xt_lab_tool("ip netns add %s", name) && xt_lab_tool("ip -n %s link set lo up", name);
}

/* A veth between a device of near, called after what is at the other end or lan, and far's wire. */
static bool link_add(const char *near, const char *device, const char *far, const char *net)
{
	return xt_lab_tool("ip link add %s netns %s type veth peer name wire netns %s", device,
			   near, far) &&
	       xt_lab_tool("ip -n %s addr add %s.1/24 dev %s", near, net, device) &&
	       xt_lab_tool("ip -n %s addr add %s.2/24 dev wire", far, net) &&
	       xt_lab_tool("ip -n %s link set %s up", near, device) &&
	       xt_lab_tool("ip -n %s link set wire up", far) &&
	       xt_lab_tool("ip -n %s route add default via %s.1", far, net);
}

static bool nat_add(const char *nat)
{
	return xt_lab_tool("ip netns exec %s nft add table ip lab", nat) &&
	       xt_lab_tool("ip netns exec %s nft add chain ip lab out { type nat hook postrouting "
			   "priority 100 ; }",
			   nat) &&
	       xt_lab_tool("ip netns exec %s nft add rule ip lab out oifname wire masquerade",
			   nat) &&
	       /* What no one inside began stays outside, as at home. */
	       xt_lab_tool("ip netns exec %s nft add chain ip lab in { type filter hook forward "
			   "priority 0 ; }",
			   nat) &&
	       xt_lab_tool("ip netns exec %s nft add rule ip lab in iifname wire ct state new drop",
			   nat) &&
	       forwarding_enable(nat);
}

static bool netem_add(const struct xt_lab *lab, const char *device)
{
	char loss[32] = "", delay[32] = "";

	if (!lab->loss && !lab->delay_ms)
		return true;
	if (lab->loss)
		snprintf(loss, sizeof(loss), " loss %s%%", lab->loss);
	if (lab->delay_ms)
		snprintf(delay, sizeof(delay), " delay %ums", lab->delay_ms);
	if (xt_lab_tool("tc -n internet qdisc add dev %s root netem limit 10000%s%s", device, loss,
			delay))
		return true;
	xt_hint(
	    "--loss and --delay need netem in the kernel: load it with `modprobe sch_netem`, or "
	    "go without them");
	return false;
}

static bool host_add(const struct xt_lab *lab, unsigned i)
{
	char host[16], nat[16], inner[24], outer[24];

	snprintf(host, sizeof(host), "host%u", i);
	snprintf(nat, sizeof(nat), "nat%u", i);
	snprintf(inner, sizeof(inner), "10.%u.0", i);
	snprintf(outer, sizeof(outer), "198.18.%u", i);
	if (!space_add(host))
		return false;
	if (!xt_lab_behind_nat(lab, i))
		return link_add("internet", host, host, outer) && netem_add(lab, host);
	return space_add(nat) && link_add("internet", nat, nat, outer) && netem_add(lab, nat) &&
	       link_add(nat, "lan", host, inner) && nat_add(nat);
}

bool xt_lab_network_make(const struct xt_lab *lab)
{
	if (!space_add("internet"))
		return false;
	for (unsigned i = 1; i <= lab->hosts; i++)
		if (!host_add(lab, i))
			return false;
	return (!lab->hub || forwarding_enable("host1")) && forwarding_enable("internet");
}
