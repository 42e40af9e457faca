/* SPDX-License-Identifier: MIT */
/* The laboratory: hosts on this machine, each a network namespace with an instance of this program.
 *
 * All of it is in a mount, PID and network namespace of its own, with a tmpfs on /run: what a lab
 * makes ends with its first process, whatever ends that. Nothing has to be removed. */
#ifndef XT_CLI_LAB_H
#define XT_CLI_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/printf.h"

#define XT_LAB_HOSTS_MAX 64
#define XT_LAB_PORT	 51820
#define XT_LAB_DIR	 "/run/lab" /* configuration files, logs, the program's link */

/* hosts       named host1 to hostN
 * host        in which the command runs, from 1
 * hub         host1 is the hub, and the others reach each other through it
 * nat         all but host1 are behind a router nat2 to natN of their own
 * loss        percent that netem drops on the way to each host, a decimal number; NULL: none
 * delay_ms    that netem adds on the way to each host
 * capture_fd  gets host1's packets as pcapng; -1: none
 * command     ends with NULL; NULL itself: an interactive shell
 * inside      instead of a command, in a process of its own; its result is the exit status
 * quiet       does not print who is who */
struct xt_lab {
	unsigned hosts, host;
	bool hub, nat;
	const char *loss;
	unsigned delay_ms;
	int capture_fd;
	const char *const *command;
	int (*inside)(const struct xt_lab *lab);
	void *ctx;
	bool quiet;
};

/* false: this machine cannot have a lab, which is printed. */
bool xt_lab_possible(void);
/* Make the lab, run the command in it, end it. The command's exit status, 128 and the number of the
 * signal that ended it or the lab, or an enum xt_exit with what failed on stderr. */
int xt_lab_run(const struct xt_lab *lab);

/* The following run inside. What fails is printed on stderr. */

/* Run a program, its words separated by blanks, and wait for it. Its output is shown when it
 * fails. */
bool xt_lab_tool(const char *format, ...) XT_PRINTF(1, 2);
/* As a child process that is to execute another program: default signals, none blocked. */
void xt_lab_signals_reset(void);
/* Go on in the network namespace of that name. */
bool xt_lab_enter(const char *name);

bool xt_lab_behind_nat(const struct xt_lab *lab, unsigned host);
bool xt_lab_network_make(const struct xt_lab *lab);
/* XT_LAB_DIR/hostN.conf with fresh keys, and the host names. */
bool xt_lab_files_write(const struct xt_lab *lab);
/* Start an instance in each host, and wait until all are ready. */
bool xt_lab_instances_start(const struct xt_lab *lab);
/* The process that writes the capture, once it does; -1: it failed. */
pid_t xt_lab_capture_start(const struct xt_lab *lab);
/* Print who is who and what to try. outer: the lab's first process as this machine numbers it. */
void xt_lab_describe(const struct xt_lab *lab, pid_t outer);

/* Run inside in a process of its own in new namespaces, and wait for it. outer: its number here.
 * SIGINT, SIGTERM and SIGHUP become a SIGTERM for it, and a SIGKILL 5 seconds later, or at the next
 * one. It dies with this process. Its exit status; 128 and the signal's number; XT_EXIT_FAILURE. */
typedef int xt_lab_inside(const struct xt_lab *lab, pid_t outer);
int xt_lab_contain(xt_lab_inside *inside, const struct xt_lab *lab);

#endif
