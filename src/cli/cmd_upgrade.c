/* SPDX-License-Identifier: MIT */
/* upgrade: go on with a running instance in the program that is this one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <xtunnel/error.h>
#include <xtunnel/xtunnel.h>

#include "base/bytes.h"
#include "base/message.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"
#include "core/snapshot.h"
#include "daemon/background.h"
#include "daemon/log_level.h"
#include "daemon/program.h"
#include "host/handover.h"
#include "host/log_sink.h"
#include "platform/fd.h"
#include "platform/namespace.h"

#define WAIT_MS 10000

const char xt_text_upgrade[] =
    "\nThe program on the disk, which is this one, goes on with a running instance: interface,\n"
    "sockets, sessions and what waits to be sent are handed over. No packet is lost, no peer notices,\n"
    "and no hook runs. Until the new processes have all of it, the ones before go on if anything\n"
    "fails; the exit status is 1 then.\n"
    "An instance whose version cannot hand its state to this one is restarted, which is printed. One\n"
    "that is a unit of systemd is upgraded by `systemctl reload`. With --no-restart it goes on in the\n"
    "program before instead, with exit status 1. What follows the instance (events,\n"
    "capture, ping, wait) ends. The environment (XT_..., WG_KEYLOGFILE) is that of this command.\n"
    "\n"
    "  $ xtunnel upgrade left\n"
    "  left: goes on in xtunnel " XT_VERSION "; its sessions too\n";
enum { NO_RESTART };
const struct xt_option xt_upgrade_options[] = {
    {'n', "no-restart", NULL, "let an instance that cannot be upgraded go on as it is"},
    {0},
};

/* Between the parent and the background.
 * word  of the command line; name: of the instance
 * path  of its control socket */
struct job {
	const char *word, *name;
	char path[XT_RUNSOCK_MAX];
};

static json_t *upgrade_request(bool probe)
{
	return json_pack("{s:s,s:b}", "do", "upgrade", "probe", (int)probe);
}

/* --- the new monitor --- */

/* The running instance connects to it: its path is beside its own socket. */
static int next_listen(char path[sizeof(((struct sockaddr_un *)0)->sun_path)],
		       const char *control_path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, rc = 0;

	if (!xt_handover_path(at.sun_path, sizeof(at.sun_path), control_path))
		return -ENAMETOOLONG;
	strcpy(path, at.sun_path);
	fd = xt_fd_socket(AF_UNIX, SOCK_SEQPACKET, true);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1) < 0)
		rc = -errno;
	umask(mask);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* Upgrade was answered: the instance has connected. Its process must be of this user. */
static int next_accept(int listener, long *process)
{
	struct xt_fd_peer peer;
	int fd = xt_fd_accept(listener, true);

	if (fd < 0)
		return -errno;
	if (xt_fd_peer(fd, &peer) == 0 && peer.uid == geteuid()) {
		*process = peer.pid;
		return fd;
	}
	close(fd);
	return -EPERM;
}

static int body_read(struct xt_adoption *out, int file, uint64_t len)
{
	struct stat st;
	void *bytes;
	int rc;

	if (fstat(file, &st) < 0)
		return -errno;
	if (len == 0 || len > PTRDIFF_MAX || st.st_size < 0 || len != (uint64_t)st.st_size)
		return XT_E_INVALID;
	bytes = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, file, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	rc = xt_adoption_decode(out, bytes, (size_t)len);
	munmap(bytes, (size_t)len);
	return rc;
}

static int hello_take(struct xt_adoption *out, struct xt_handover_packet *hello)
{
	enum { FILE_FD, TUNNEL, TUN, NAMESPACE, STATE };
	int rc = 0;

	if (hello->kind != XT_HANDOVER_HELLO || hello->n_fds < STATE)
		return XT_E_INVALID;
	if (hello->value[0] != XT_HANDOVER_VERSION || hello->value[1] != XT_SNAPSHOT_VERSION)
		return XT_E_UNSUPPORTED;
	/* The sockets of a reload have to be of the network that the instance is in. */
	rc = xt_namespace_enter(hello->fds[NAMESPACE]);
	if (rc == 0)
		rc = body_read(out, hello->fds[FILE_FD], hello->value[2]);
	if (rc < 0)
		return rc;
	out->tunnel = hello->fds[TUNNEL];
	out->tun = hello->fds[TUN];
	out->state_file = hello->n_fds > STATE ? hello->fds[STATE] : -1;
	hello->fds[TUNNEL] = hello->fds[TUN] = -1;
	if (hello->n_fds > STATE)
		hello->fds[STATE] = -1;
	return 0;
}

static int hello_await(struct xt_adoption *out, int fd)
{
	struct xt_handover_packet hello;
	int rc = xt_handover_recv(fd, &hello, WAIT_MS);

	if (rc < 0)
		return rc == -EAGAIN ? -ETIMEDOUT : rc;
	rc = hello_take(out, &hello);
	xt_handover_close_fds(&hello);
	return rc;
}

static int upgrade_ask(const struct job *job)
{
	struct xt_client *client;
	json_t *answer = NULL;
	int rc = xt_client_open(&client, job->path);

	if (rc < 0)
		return rc;
	rc = xt_client_request(client, upgrade_request(false), XT_SOCKET_SILENCE_MS, &answer);
	xt_client_close(client);
	json_decref(answer);
	return rc;
}

/* What the instance gives away before it stops; nothing of it is lost if this process ends. */
static int adoption_await(struct xt_adoption *out, const struct job *job)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int listener = next_listen(path, job->path), fd, rc;
	long process = 0;

	if (listener < 0)
		return listener;
	rc = upgrade_ask(job);
	fd = rc < 0 ? rc : next_accept(listener, &process);
	close(listener);
	(void)unlink(path);
	if (fd < 0)
		return fd;
	rc = hello_await(out, fd);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	out->monitor = fd;
	out->process = process;
	return 0;
}

/* A service manager hears no process outside of its unit. */
static bool unit_is_this(const struct xt_adoption *adoption)
{
	char cgroup[sizeof(adoption->cgroup)];

	xt_handover_cgroup(cgroup, sizeof(cgroup));
	return !*adoption->notify || strcmp(cgroup, adoption->cgroup) == 0;
}

static void environment_set(const struct xt_adoption *adoption)
{
	char us[24];

	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	unsetenv("NOTIFY_SOCKET");
	if (*adoption->credentials)
		setenv("CREDENTIALS_DIRECTORY", adoption->credentials, 0);
	if (!*adoption->notify)
		return;
	setenv("NOTIFY_SOCKET", adoption->notify, 1);
	snprintf(us, sizeof(us), "%llu", 2000ull * adoption->watchdog_ms);
	if (adoption->watchdog_ms > 0)
		setenv("WATCHDOG_USEC", us, 1);
}

static int instance_adopt(struct xt_adoption *adoption, const struct job *job,
			  const struct xt_instance_options *given)
{
	struct xt_instance_options options = *given;

	if (!unit_is_this(adoption)) {
		xt_message("%s is a unit of the service manager, and this process is not of it",
			   job->name);
		xt_hint("systemctl reload xtunnel@%s upgrades it", job->name);
		return XT_EXIT_FAILURE;
	}
	environment_set(adoption);
	options.dropin = adoption->dropin;
	options.tun_fd = adoption->tun;
	options.adoption = adoption;
	xt_log_level_start(&adoption->conf);
	return xt_instance_run(&adoption->conf, &options);
}

static int job_serve(const void *what, const struct xt_instance_options *options)
{
	const struct job *job = what;
	struct xt_adoption adoption = {.monitor = -1, .tunnel = -1, .tun = -1, .state_file = -1};
	int rc = adoption_await(&adoption, job), status;

	if (rc == XT_E_AGAIN)
		return xt_fail(XT_EXIT_FAILURE, "%s is busy with another change: try again",
			       job->name);
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s cannot be upgraded: %s; it goes on as it is",
			       job->name, xt_strerror(rc));
	xt_log_sink_open(
	    &(struct xt_log_sink_options){.interface = job->name, .background = options->quiet});
	status = instance_adopt(&adoption, job, options);
	xt_adoption_clear(&adoption);
	return status;
}

/* --- the command --- */

/* Why the running program cannot hand its state to this one; "": it can. */
static void difference_tell(const json_t *probe, int rc, char *text, size_t cap)
{
	long long handover = json_integer_value(json_object_get(probe, "handover"));
	long long snapshot = json_integer_value(json_object_get(probe, "snapshot"));

	*text = '\0';
	if (rc < 0)
		snprintf(text, cap, "the running program is of a version without upgrades");
	else if (handover != XT_HANDOVER_VERSION)
		snprintf(text, cap,
			 "the running program hands over in version %lld, this one in %u", handover,
			 XT_HANDOVER_VERSION);
	else if (snapshot != XT_SNAPSHOT_VERSION)
		snprintf(text, cap,
			 "the running program has snapshots of version %lld, this one %u", snapshot,
			 XT_SNAPSHOT_VERSION);
}

static int upgrade_refuse(const struct job *job, const char *why)
{
	xt_message("%s cannot be upgraded: %s; it goes on as it is", job->name, why);
	xt_hint("xtunnel upgrade %s, without --no-restart, ends its sessions and starts it again",
		job->name);
	return XT_EXIT_FAILURE;
}

static int instance_restart(const struct job *job, const json_t *probe, const char *why)
{
	const char *file = xt_query_text(probe, "file"), *name = job->name;
	char *path = file ? strdup(file) : xt_conf_path(job->word);
	int status;

	if (json_is_true(json_object_get(probe, "notify")) || getenv("NOTIFY_SOCKET")) {
		free(path);
		xt_message("%s cannot be upgraded: %s", name, why);
		xt_hint("systemctl restart xtunnel@%s ends its sessions, and starts it again",
			name);
		return XT_EXIT_FAILURE;
	}
	if (!path || json_is_true(json_object_get(probe, "dropin"))) {
		free(path);
		return xt_fail(XT_EXIT_FAILURE,
			       "%s cannot be upgraded: %s; the program that configures it has to "
			       "start it again",
			       name, why);
	}
	xt_message("%s: %s: it is restarted, and its sessions end", name, why);
	status = xt_down(name, true);
	if (status == XT_EXIT_OK)
		status = xt_up(path, false, false);
	free(path);
	return status;
}

static int job_run(struct job *job)
{
	bool loud = xt_log_level_env(XT_LOG_NOTICE);
	pid_t pid = getpid();
	int status = xt_background(job_serve, job, loud, NULL, 0);

	if (status == XT_EXIT_OK && getpid() == pid)
		printf("%s: goes on in xtunnel %s; its sessions too\n", job->name, XT_VERSION);
	return status;
}

static int probe_judge(struct job *job, const json_t *probe, int rc, bool changed_only,
		       bool no_restart)
{
	const char *program = xt_query_text(probe, "program");
	json_int_t uid = json_integer_value(json_object_get(probe, "uid"));
	char why[120], id[64];

	difference_tell(probe, rc, why, sizeof(why));
	if (rc == 0 && uid != (json_int_t)geteuid())
		return xt_fail(XT_EXIT_FAILURE,
			       "%s is of the user %lld: only a process of that user can go on "
			       "with it",
			       job->name, (long long)uid);
	xt_program_id(id, sizeof(id));
	if (changed_only && program && *id && strcmp(program, id) == 0)
		return XT_EXIT_OK;
	if (*why)
		return no_restart ? upgrade_refuse(job, why) : instance_restart(job, probe, why);
	return job_run(job);
}

int xt_upgrade(const char *word, bool changed_only, bool no_restart)
{
	char buf[64];
	struct job job = {.word = word, .name = xt_query_name(word, buf)};
	struct xt_client *client;
	json_t *probe = NULL;
	int status = xt_query_open(&client, job.name, job.path, changed_only), rc;

	if (status != XT_EXIT_OK)
		return changed_only && status == XT_EXIT_NOT_RUNNING ? XT_RUNNING_NONE : status;
	rc = xt_client_request(client, upgrade_request(true), XT_SOCKET_SILENCE_MS, &probe);
	xt_client_close(client);
	if (rc == XT_E_AGAIN)
		status =
		    xt_fail(XT_EXIT_FAILURE, "%s is starting or ending now: try again", job.name);
	else if (rc < 0 && rc != XT_E_UNSUPPORTED && rc != -EPROTONOSUPPORT)
		status = xt_query_answer_failed(job.name, probe, rc);
	else
		status = probe_judge(&job, probe, rc, changed_only, no_restart);
	json_decref(probe);
	return status;
}

int xt_cmd_upgrade(const struct xt_args *args)
{
	return xt_upgrade(args->operands[0], false, args->given[NO_RESTART]);
}
