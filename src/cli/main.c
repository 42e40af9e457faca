/* SPDX-License-Identifier: MIT */
/* The table of verbs, and nothing else. */
#include <stddef.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/complete.h"
#include "cli/startup.h"
#include "cli/term.h"
#include "cli/version.h"
#include "daemon/harden.h"

static const struct xt_verb verbs[] = {
    {"run", "NAME|FILE", 1, 1, "run an instance in the foreground until SIGTERM or Ctrl-C",
     "# by name: /etc/xtunnel/left.conf, else /etc/wireguard/left.conf\n"
     "xtunnel run left\n"
     "# by file, with events in the log\n"
     "LOG_LEVEL=verbose xtunnel run ./left.conf\n",
     xt_text_run, NULL, xt_cmd_run},
    {"up", "NAME|FILE", 1, 1, "start an instance in the background; return when it is ready",
     "xtunnel up left\nxtunnel up ./left.conf\n"
     "# and wait for the first handshake with each peer\nxtunnel up left --wait\n"
     "# start it, or apply what has changed in its file\nxtunnel up left --reload\n",
     xt_text_up, xt_up_options, xt_cmd_up},
    {"down", "NAME|FILE", 1, 1, "end an instance and remove all that it made on the host",
     "xtunnel down left\n# in a script that may run again\nxtunnel down left --if-running\n",
     xt_text_down, xt_down_options, xt_cmd_down},
    {"reload", "NAME|FILE", 1, 1, "apply what the configuration file says now; sessions go on",
     "# what would change\nxtunnel reload left --dry-run\n# all of it, or nothing\nxtunnel reload left\n",
     xt_text_reload, xt_reload_options, xt_cmd_reload},
    {"upgrade", "NAME|FILE", 1, 1, "go on with an instance in the program that is on the disk now",
     "# after an update of the package; sessions go on\nxtunnel upgrade left\n", xt_text_upgrade,
     xt_upgrade_options, xt_cmd_upgrade},
    {"save", "NAME|FILE", 1, 1, "write the running state into the configuration file",
     "# after wg set left peer ...\nxtunnel save left\n", xt_text_save, NULL, xt_cmd_save},
    {"strip", "NAME|FILE", 1, 1, "print the configuration file as wg(8) reads it",
     "# what `wg syncconf` can change of a running instance\n"
     "wg syncconf left <(xtunnel strip left)\n",
     xt_text_strip, NULL, xt_cmd_strip},
    {"show", "[NAME|FILE [FIELD]]", 0, 2, "show the state of running instances",
     "# all of them\nxtunnel show\n# one, for programs\nxtunnel show left --json\n"
     "# as `wg show left dump` prints it\nxtunnel show left dump\n",
     xt_text_show, xt_show_options, xt_cmd_show},
    {"top", "[NAME|FILE]", 0, 1, "a live view of instances and peers",
     "xtunnel top\n# those with the most traffic, in a script\nxtunnel top --plain --count 2 --sort rx\n",
     xt_text_top, xt_top_options, xt_cmd_top},
    {"why", "NAME|FILE [PEER]", 1, 2, "say why a peer is not reached, and what to do",
     "# of all peers, or of one\nxtunnel why left\nxtunnel why left right\n"
     "# with a handshake and pings now\nxtunnel why left right --probe\n"
     "# for programs\nxtunnel why left --json\n",
     xt_text_why, xt_why_options, xt_cmd_why},
    {"wait", "NAME|FILE [PEER]", 1, 2, "ask peers for a handshake; return when they are up",
     "xtunnel wait left right --timeout 60\n", xt_text_wait, xt_wait_options, xt_cmd_wait},
    {"ping", "NAME|FILE PEER", 2, 2, "ping a peer from inside the tunnel",
     "# by the peer's Name, its public key, or an inner address\n"
     "xtunnel ping left right\n"
     "xtunnel ping left 10.7.0.2 -c 3 -s 1200\n",
     xt_text_ping, xt_ping_options, xt_cmd_ping},
    {"capture", "NAME|FILE [PEER] [FILTER]", 1, -1,
     "show the packets of a running instance, or write them for Wireshark",
     "# a line for each packet inside the tunnel, dropped ones with the reason\n"
     "xtunnel capture left\n"
     "# live in Wireshark\n"
     "xtunnel capture left -w - | wireshark -k -i -\n"
     "# inside and outside, with the keys that open the latter\n"
     "xtunnel capture left --outer --secrets -w all.pcapng\n"
     "# ten packets of one peer to its web server\n"
     "xtunnel capture left right -c 10 tcp port 443\n",
     xt_text_capture, xt_capture_options, xt_cmd_capture},
    {"events", "[NAME|FILE]", 0, 1, "print what happens to running instances, as it happens",
     "xtunnel events left\n# of all, for programs\nxtunnel events --json\n", xt_text_events,
     xt_events_options, xt_cmd_events},
    {"metrics", "[NAME|FILE]", 0, 1, "print the state of running instances for Prometheus",
     "xtunnel metrics left\n# for the textfile collector of the node exporter\n"
     "xtunnel metrics -o /var/lib/prometheus/node-exporter/xtunnel.prom\n",
     xt_text_metrics, xt_metrics_options, xt_cmd_metrics},
    {"exporter", "", 0, 0, "serve metrics and a status page of running instances by HTTP",
     "xtunnel exporter\n# curl --unix-socket /run/xtunnel/xtunnel-exporter.sock http://localhost/metrics\n"
     "# every user of this host may read it\nxtunnel exporter --listen 127.0.0.1:9586\n",
     xt_text_exporter, xt_exporter_options, xt_cmd_exporter},
    {"log", "NAME|FILE [LEVEL]", 1, 2, "print or set the level of an instance's log",
     "xtunnel log left\nxtunnel log left debug\n", xt_text_log, NULL, xt_cmd_log},
    {"check", "FILE [OTHER]", 1, 2, "check a configuration file, or whether both ends agree",
     "xtunnel check ./left.conf\n"
     "# the files of both ends of a tunnel: do keys, addresses and ports agree?\n"
     "xtunnel check left.conf right.conf\n"
     "# in a script that refuses warnings, too\nxtunnel check left.conf --strict\n",
     xt_text_check, xt_check_options, xt_cmd_check},
    {"new", "A B...", 2, -1, "write the configuration files of both ends of a new tunnel",
     "xtunnel new left.example right.example\n"
     "# one file for each host; an end that cannot be reached may have any name\n"
     "xtunnel new hub.example phone -o /root/tunnels\n"
     "# a hub with three peers\nxtunnel new --hub hub.example anna ben office.example\n",
     xt_text_new, xt_new_options, xt_cmd_new},
    {"start", "NAME|FILE", 1, 1, "as up, with the exit codes of an init script",
     "xtunnel start left\n", xt_text_start, NULL, xt_cmd_start},
    {"stop", "NAME|FILE", 1, 1, "as down, with the exit codes of an init script",
     "xtunnel stop left\n", xt_text_stop, NULL, xt_cmd_stop},
    {"restart", "NAME|FILE", 1, 1, "stop and start, if the file is right", "xtunnel restart left\n",
     xt_text_restart, NULL, xt_cmd_restart},
    {"status", "NAME|FILE", 1, 1, "say whether an instance is running",
     "xtunnel status left || echo \"it is not: $?\"\n", xt_text_status, NULL, xt_cmd_status},
    {"add", "HUB PEERNAME", 2, 2, "add a peer to a hub: keys, address, its file, reload",
     "xtunnel add hub phone --endpoint hub.example:51820\n"
     "# a phone: scan it in the application; as an image\n"
     "xtunnel add hub phone --qr\nxtunnel add hub phone --qr=phone.png\n"
     "# the file into a folder, with a name server\n"
     "xtunnel add hub laptop -o /root/peers --dns 10.7.0.1\n"
     "# a peer that sends all its traffic to the hub\n"
     "xtunnel add hub tablet --allowed-ips 0.0.0.0/0,::/0\n",
     xt_text_add, xt_add_options, xt_cmd_add},
    {"remove", "HUB PEER", 2, 2, "remove a peer from a hub's file, and reload",
     "xtunnel remove hub phone\n# only look which one it is\nxtunnel remove hub phone --dry-run\n",
     xt_text_remove, xt_remove_options, xt_cmd_remove},
    {"list", "HUB", 1, 1, "list the peers of a configuration file",
     "xtunnel list hub\n# for programs\nxtunnel list hub --json\n", xt_text_list, xt_list_options,
     xt_cmd_list},
    {"disable", "HUB PEER", 2, 2, "make a peer's section a comment, and reload",
     "xtunnel disable hub phone\n", xt_text_disable, NULL, xt_cmd_disable},
    {"enable", "HUB PEER", 2, 2, "make a disabled peer a peer again, and reload",
     "xtunnel enable hub phone\n", xt_text_enable, NULL, xt_cmd_enable},
    {"rotate", "NAME|FILE", 1, 1, "replace the private key, or a pre-shared key, and reload",
     "# prints the line that the peers need\nxtunnel rotate hub\n"
     "# of one peer only, which needs the file\nxtunnel rotate hub --psk phone\n",
     xt_text_rotate, xt_rotate_options, xt_cmd_rotate},
    {"genkey", "", 0, 0, "print a new private key", "umask 077; xtunnel genkey > private.key\n",
     NULL, NULL, xt_cmd_genkey},
    {"pubkey", "", 0, 0, "read a private key, print its public key",
     "xtunnel pubkey < private.key\n", NULL, NULL, xt_cmd_pubkey},
    {"genpsk", "", 0, 0, "print a new pre-shared key",
     "umask 077; xtunnel genpsk > pre-shared.key\n", NULL, NULL, xt_cmd_genpsk},
    {"echo", "NAME ADDR/PREFIX...", 2, -1,
     "a TUN without key and peer on which every other address answers ping",
     "# then: ping 192.168.7.2\n"
     "xtunnel echo echo0 192.168.7.1/24\n"
     "# a point-to-point pair, with a dump of each packet\n"
     "xtunnel echo echo0 192.168.7.1 192.168.7.2 --hexdump\n",
     xt_text_echo, xt_echo_options, xt_cmd_echo},
    {"lab", "[COMMAND [ARGUMENT...]]", 0, -1,
     "hosts on this machine with tunnels between them, to try things out",
     "# two hosts, and a shell in the first\nxtunnel lab\n"
     "# a hub and three peers behind NAT; one command\n"
     "xtunnel lab --hosts 4 --nat -- ping -c 3 host3\n"
     "# for a fault report: what host1 sends and receives\n"
     "xtunnel lab --capture lab.pcapng -- ping -c 3 host2\n",
     xt_text_lab, xt_lab_options, xt_cmd_lab},
    {"bench", "", 0, 0, "measure what this machine can do at most",
     "xtunnel bench\n# for programs, and as a picture\nxtunnel bench --json --svg bench.svg\n",
     xt_text_bench, xt_bench_options, xt_cmd_bench},
    {0},
};

int main(int argc, char **argv)
{
	struct xt_args args;
	char message[256];
	int status = XT_EXIT_OK;

	if (!xt_startup(&argc, &argv, &status))
		return status;
	xt_process_harden(); /* most verbs read or make keys */
	if (argc > 1 && strcmp(argv[1], XT_COMPLETE_VERB) == 0) {
		xt_complete(verbs, argc - 2, argv + 2);
		return xt_term_finish(XT_EXIT_OK);
	}
	switch (xt_args_parse(&args, verbs, argc, argv, message, sizeof(message))) {
	case XT_ARGS_RUN:
		status = args.verb->run(&args);
		break;
	case XT_ARGS_INTERFACE:
		status = xt_cmd_interface(&args);
		break;
	case XT_ARGS_HELP:
		if (args.verb)
			xt_help_verb(args.verb, stdout);
		else
			xt_help_all(verbs, stdout);
		break;
	case XT_ARGS_VERSION:
		xt_version_print(stdout, args.given[0]);
		break;
	case XT_ARGS_WRONG:
		status = xt_fail(XT_EXIT_USAGE, "%s", message);
		break;
	}
	return xt_term_finish(status);
}
