/* SPDX-License-Identifier: MIT */
/* The start of an instance from its file, in the foreground or in the background. */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/startup.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/progress.h"
#include "cli/query.h"
#include "daemon/background.h"
#include "daemon/log_level.h"
#include "host/log_sink.h"

/* path  NAME or FILE
 * fd    a descriptor that path names ("/dev/fd/63", of `up <(...)`): read once, then closed; -1: no
 * stdin_copy  true: fd is a copy of the standard input, which is what path names */
struct source {
	const char *path;
	int fd;
	bool stdin_copy;
};

static void stdin_close(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0)
		return;
	(void)dup2(null, STDIN_FILENO);
	close(null);
}

static int instance_serve(const struct source *source, const struct xt_instance_options *options)
{
	struct xt_conf conf;
	char name[64];
	int status;

	if (source->stdin_copy)
		(void)dup2(source->fd, STDIN_FILENO);
	xt_log_sink_open(&(struct xt_log_sink_options){
	    .interface = xt_query_name(source->path, name), .background = options->quiet});
	status = xt_conf_open(&conf, source->path, stderr);
	if (source->fd >= 0)
		close(source->fd);
	if (source->stdin_copy)
		stdin_close();
	if (status == XT_EXIT_OK) {
		xt_log_level_start(&conf);
		status = xt_instance_run(&conf, options);
	}
	xt_conf_clear(&conf);
	return status;
}

int xt_run(const char *word)
{
	struct xt_instance_options options = {.ready = -1};
	struct source source = {word, -1, false};

	(void)xt_log_level_env(XT_LOG_NOTICE);
	return instance_serve(&source, &options);
}

static int source_serve(const void *source, const struct xt_instance_options *options)
{
	return instance_serve(source, options);
}

/* The open descriptor that path names; -1: none. */
static int path_fd(const char *path)
{
	static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};
	uint64_t fd;

	if (strcmp(path, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (size_t i = 0; i < XT_LEN(dirs); i++) {
		size_t len = strlen(dirs[i]);

		if (strncmp(path, dirs[i], len) == 0 &&
		    xt_number(&fd, path + len, INT_MAX, false) && fcntl((int)fd, F_GETFD) >= 0)
			return (int)fd;
	}
	return -1;
}

struct up_progress {
	struct xt_progress line;
	unsigned phase;
};

/* The instance waits at the end of a phase until the line is gone, since it may print then. */
static void up_progress_show(void *ctx, struct xt_startup *startup)
{
	struct up_progress *progress = ctx;
	unsigned phase = atomic_load(&startup->phase);
	size_t total = atomic_load(&startup->total);

	if (phase != progress->phase) {
		xt_progress_end(&progress->line);
		xt_progress_next(&progress->line, phase == XT_STARTUP_PEERS ? " peers" : " routes",
				 total);
		progress->phase = phase;
	}
	atomic_store(&startup->shown, phase != XT_STARTUP_OTHER);
	if (phase != XT_STARTUP_OTHER && phase == atomic_load(&startup->phase))
		xt_progress_update(&progress->line, XT_MIN(atomic_load(&startup->done), total), "");
	if (!progress->line.visible)
		atomic_store(&startup->shown, false);
}

int xt_up(const char *word, bool reload, bool any_file)
{
	bool loud = xt_log_level_env(XT_LOG_NOTICE);
	struct source source = {word, path_fd(word), false};
	struct up_progress progress = {.phase = XT_STARTUP_OTHER};
	const struct xt_background_watch watch = {up_progress_show, &progress};
	char name[64];
	int status = source.fd < 0 ? xt_up_running(source.path, reload, any_file) : XT_RUNNING_NONE;

	if (status != XT_RUNNING_NONE)
		return status;
	/* The background has no standard input: a copy is passed on. */
	if (source.fd == STDIN_FILENO) {
		source.fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		source.stdin_copy = source.fd >= 0;
	}
	xt_progress_begin(&progress.line, xt_query_name(word, name), "", 0);
	status = xt_background(source_serve, &source, loud, &source.fd, source.fd > STDERR_FILENO,
			       progress.line.terminal ? &watch : NULL);
	xt_progress_end(&progress.line);
	return status;
}
