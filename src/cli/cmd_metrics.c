/* SPDX-License-Identifier: MIT */
/* metrics: the state of running instances for Prometheus, once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xtunnel/error.h>
#include <xtunnel/version.h>

#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"
#include "exporter/collect.h"

enum { OUTPUT, OPENMETRICS };
const struct xt_option xt_metrics_options[] = {
    {'o', "output", "FILE", "write FILE, replaced as a whole, instead of standard output"},
    {0, "openmetrics", NULL, "print the OpenMetrics format"},
    {0},
};
const char xt_text_metrics[] =
    "\nPrints what `xtunnel exporter` serves as /metrics, for the textfile collector of the node\n"
    "exporter for instance. Without NAME, of all instances that this user may see. One that does not\n"
    "answer has xtunnel_up 0, and the exit status is 1. docs/metrics.md lists the metrics.\n"
    "-o replaces FILE as a whole; a device or a link in its place is refused.\n";

/* The textfile collector is another user, so everyone may read it. */
static int file_replace(const char *path, char *temporary, const struct xt_metrics *metrics,
			struct xt_metrics_reading *reading)
{
	int fd = mkstemp(temporary), rc;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	char buf[4096];
	size_t n;

	if (!file) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while ((n = xt_metrics_read(metrics, reading, buf, sizeof(buf))))
		(void)fwrite(buf, 1, n, file);
	rc = reading->text.error;
	if (rc == 0 && (fflush(file) != 0 || ferror(file) || fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		rc = errno ? -errno : -EIO;
	if (fclose(file) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temporary, path) < 0)
		rc = -errno;
	if (rc < 0)
		(void)unlink(temporary);
	return rc;
}

/* A hidden name in the same directory, which the collector does not read. */
static int file_write(const char *path, const struct xt_metrics *metrics,
		      struct xt_metrics_reading *reading)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(path) + sizeof("..XXXXXX");
	char *temporary = malloc(len);
	int rc;

	if (!temporary)
		return XT_E_NOMEM;
	snprintf(temporary, len, "%.*s.%s.XXXXXX", (int)(base - path), path, base);
	rc = *base ? file_replace(path, temporary, metrics, reading) : -EISDIR;
	free(temporary);
	return rc;
}

/* A device as /dev/null would become a file for all programs of this host, and the link /dev/stdout
 * too. */
static bool output_judge(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return true; /* what cannot be written fails later */
	xt_message("%s: is there, and is no file that could be replaced", path);
	xt_hint("without -o the metrics go to standard output");
	return false;
}

static int metrics_put(const struct xt_args *args, const struct xt_metrics *metrics)
{
	struct xt_metrics_reading reading = {
	    .format = args->given[OPENMETRICS] ? XT_METRICS_OPENMETRICS : XT_METRICS_TEXT};
	char buf[4096];
	size_t n;
	int rc = 0;

	if (args->given[OUTPUT])
		rc = file_write(args->value[OUTPUT], metrics, &reading);
	else
		while ((n = xt_metrics_read(metrics, &reading, buf, sizeof(buf))) &&
		       fwrite(buf, 1, n, stdout) == n)
			;
	rc = rc ? rc : reading.text.error;
	xt_metrics_read_end(&reading);
	if (rc == 0)
		return XT_EXIT_OK;
	return xt_fail(XT_EXIT_FAILURE, "%s: %s",
		       args->given[OUTPUT] ? args->value[OUTPUT] : "standard output",
		       xt_strerror(rc));
}

static int one_collect(struct xt_metrics *metrics, const char *name)
{
	struct xt_client *client;
	int status = xt_query_open(&client, name, NULL, false), rc;

	if (status != XT_EXIT_OK)
		return status;
	rc = xt_collect_instance(metrics, client, name);
	xt_client_close(client);
	return rc < 0 ? xt_query_answer_failed(name, NULL, rc) : XT_EXIT_OK;
}

static int all_collect(struct xt_metrics *metrics)
{
	size_t failed = 0;
	int rc = xt_collect(metrics, &failed);
	struct xt_secbuf reasons = XT_SECBUF_INIT(XT_SECBUF_MAX);

	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "cannot list the running interfaces: %s",
			       xt_strerror(rc));
	if (failed == 0)
		return xt_rundir_explain(NULL) ? XT_EXIT_FAILURE : XT_EXIT_OK;
	xt_metrics_silent(metrics, &reasons);
	xt_message_lines(XT_LOG_ERROR, reasons.p ? reasons.p : "", reasons.len);
	xt_secbuf_clear(&reasons);
	return XT_EXIT_FAILURE;
}

int xt_cmd_metrics(const struct xt_args *args)
{
	struct xt_metrics *metrics;
	char buf[64];
	int status, put;

	if (args->given[OUTPUT] && !output_judge(args->value[OUTPUT]))
		return XT_EXIT_USAGE;
	if (xt_metrics_new(&metrics, XT_VERSION) < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(XT_E_NOMEM));
	if (args->n) {
		status = one_collect(metrics, xt_query_name(args->operands[0], buf));
		put = status == XT_EXIT_OK ? metrics_put(args, metrics) : status;
	} else {
		status = all_collect(metrics);
		put = metrics_put(args, metrics);
	}
	xt_metrics_free(metrics);
	return put == XT_EXIT_OK ? status : put;
}
