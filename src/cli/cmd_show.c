/* SPDX-License-Identifier: MIT */
/* show: the state of running instances, for people or as JSON. */
#include <string.h>
#include <time.h>

#include <xtunnel/error.h>

#include "cli/query.h"
#include "cli/cmd.h"
#include "cli/show_fields.h"
#include "cli/term.h"
#include "ipc/status.h"

enum { JSON };
const struct xt_option xt_show_options[] = {
    {'j', "json", NULL, "print JSON: one object for NAME, else an array; not with FIELD"},
    {0},
};
const char xt_text_show[] =
    "\nWithout NAME it shows all interfaces that this user may see; the path of its file names one\n"
    "too, as with up. When NAME is not running, the exit status is 3. NAME FIELD prints one field for scripts as `wg show` does, keys included; FIELD is\n"
    "dump, public-key, private-key, listen-port, fwmark, peers, preshared-keys, endpoints,\n"
    "allowed-ips, latest-handshakes, transfer or persistent-keepalive. With `all` for NAME each line\n"
    "begins with the name of the interface. `interfaces` prints all names on one line.\n";

static int status_request(const char *name, json_t **out, bool quiet)
{
	struct xt_client *client;
	int status = xt_query_open(&client, name, NULL, quiet), rc;

	*out = NULL;
	if (status != XT_EXIT_OK)
		return status;
	rc = xt_client_request(client, json_pack("{s:s}", "do", "show"), XT_SOCKET_SILENCE_MS, out);
	xt_client_close(client);
	if (rc == 0)
		return XT_EXIT_OK;
	status = xt_query_answer_failed(name, *out, rc);
	json_decref(*out);
	*out = NULL;
	return status;
}

static void json_print(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

/* An instance that crashed and keeps the host's traffic in. */
static json_t *fails_closed_json(const char *name)
{
	return json_pack("{s:i, s:s, s:b, s:b}", "schema", XT_STATUS_SCHEMA, "name", name,
			 "running", 0, "fails_closed", 1);
}

static int instance_show(const char *name, bool json, const struct xt_status_style *style)
{
	json_t *status;
	int rc = status_request(name, &status, false);

	if (rc == XT_EXIT_NOT_RUNNING && json && xt_query_fails_closed(name)) {
		status = fails_closed_json(name);
		json_print(status);
		json_decref(status);
	}
	if (rc != XT_EXIT_OK)
		return rc;
	if (json)
		json_print(status);
	else
		xt_status_print(stdout, status, style);
	json_decref(status);
	return XT_EXIT_OK;
}

static int instances_show(bool json, const struct xt_status_style *style)
{
	char **names;
	size_t n, shown = 0;
	json_t *all = json_array(), *status;
	int rc = xt_rundir_list(&names, &n), worst = XT_EXIT_OK;

	if (rc < 0 || !all) {
		json_decref(all);
		return xt_fail(XT_EXIT_FAILURE, "cannot list the running interfaces: %s",
			       xt_strerror(rc < 0 ? rc : XT_E_NOMEM));
	}
	if (xt_rundir_explain(NULL))
		worst = XT_EXIT_FAILURE;
	for (size_t i = 0; i < n; i++) {
		rc = status_request(names[i], &status, true);
		if (rc == XT_EXIT_FAILURE)
			worst = rc;
		if (rc == XT_EXIT_NOT_RUNNING && xt_query_fails_closed(names[i])) {
			if (!json)
				printf("%sinterface: %s\n  not running: %s\n", shown++ ? "\n" : "",
				       names[i], XT_QUERY_FAILS_CLOSED);
			json_array_append_new(all, fails_closed_json(names[i]));
		}
		if (!status)
			continue;
		if (!json && shown++)
			putchar('\n');
		if (!json)
			xt_status_print(stdout, status, style);
		json_array_append_new(all, status);
	}
	if (json)
		json_print(all);
	else if (!shown && worst == XT_EXIT_OK)
		xt_message("no interface is running");
	json_decref(all);
	xt_rundir_list_free(names, n);
	return worst;
}

static int field_show(const char *name, const char *field)
{
	const char *near;

	if (!xt_show_field_known(field, &near))
		return near ? xt_fail(XT_EXIT_USAGE,
				      "show: %.40s: unknown field, did you mean \"%s\"?", field,
				      near)
			    : xt_fail(XT_EXIT_USAGE,
				      "show: %.40s: unknown field; see xtunnel help show", field);
	return strcmp(name, "all") == 0 ? xt_show_field_all(field)
					: xt_show_field(name, field, false);
}

int xt_cmd_show(const struct xt_args *args)
{
	struct xt_status_style style = {.colour = xt_status_colour(stdout),
					.now_s = (uint64_t)time(NULL)};
	bool json = args->given[JSON];
	char buf[64];
	const char *name = args->n ? xt_query_name(args->operands[0], buf) : "all";

	if (args->n == 2 && json)
		return xt_fail(XT_EXIT_USAGE,
			       "show: --json prints all fields of an interface: leave out %.40s "
			       "or --json",
			       args->operands[1]);
	if (args->n == 2)
		return field_show(name, args->operands[1]);
	if (strcmp(name, "interfaces") == 0)
		return xt_show_interfaces(json);
	if (strcmp(name, "all") == 0)
		return instances_show(json, &style);
	return instance_show(name, json, &style);
}
