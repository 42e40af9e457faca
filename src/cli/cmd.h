/* SPDX-License-Identifier: MIT */
/* The verbs, one function each, for a command line that parsed. All return an enum xt_exit. */
#ifndef XT_CLI_CMD_H
#define XT_CLI_CMD_H

#include "cli/args.h"

int xt_cmd_run(const struct xt_args *args);
int xt_cmd_interface(const struct xt_args *args); /* [-f] NAME, no verb */
int xt_cmd_up(const struct xt_args *args);
int xt_cmd_down(const struct xt_args *args);
int xt_cmd_upgrade(const struct xt_args *args);
int xt_cmd_reload(const struct xt_args *args);
int xt_cmd_strip(const struct xt_args *args);
int xt_cmd_save(const struct xt_args *args);
int xt_cmd_show(const struct xt_args *args);
int xt_cmd_why(const struct xt_args *args);
int xt_cmd_wait(const struct xt_args *args);
int xt_cmd_ping(const struct xt_args *args);
int xt_cmd_capture(const struct xt_args *args);
int xt_cmd_exporter(const struct xt_args *args);
int xt_cmd_metrics(const struct xt_args *args);
int xt_cmd_events(const struct xt_args *args);
int xt_cmd_top(const struct xt_args *args);
int xt_cmd_log(const struct xt_args *args);
int xt_cmd_check(const struct xt_args *args);
int xt_cmd_new(const struct xt_args *args);
int xt_cmd_start(const struct xt_args *args); /* these four: codes of an init script */
int xt_cmd_stop(const struct xt_args *args);
int xt_cmd_restart(const struct xt_args *args);
int xt_cmd_status(const struct xt_args *args);
int xt_cmd_add(const struct xt_args *args);
int xt_cmd_remove(const struct xt_args *args);
int xt_cmd_list(const struct xt_args *args);
int xt_cmd_disable(const struct xt_args *args);
int xt_cmd_enable(const struct xt_args *args);
int xt_cmd_rotate(const struct xt_args *args);
int xt_cmd_genkey(const struct xt_args *args);
int xt_cmd_pubkey(const struct xt_args *args);
int xt_cmd_genpsk(const struct xt_args *args);
int xt_cmd_echo(const struct xt_args *args);
int xt_cmd_bench(const struct xt_args *args);
int xt_cmd_lab(const struct xt_args *args);

/* What `up` does where an instance of that name runs. reload: apply its file, when that differs.
 * any_file: whichever file it has, not that of word.
 * XT_RUNNING_NONE: none runs that could be asked; else an enum xt_exit, and all is printed. */
#define XT_RUNNING_NONE (-1)
int xt_up_running(const char *word, bool reload, bool any_file);

/* Let the instance NAME apply its file, if it runs with the file at path. dry_run: judge it only.
 * XT_RUNNING_NONE: none does; else an enum xt_exit, and what failed is printed. */
int xt_reload_file(const char *name, const char *path, bool dry_run);

/* Run the instance of word in the foreground. */
int xt_run(const char *word);
/* Start the instance of word in the background; reload, any_file: as above. Also returns in the
 * background, when the instance has ended. enum xt_exit. */
int xt_up(const char *word, bool reload, bool any_file);
/* End it. if_running: it is no error when it does not run. enum xt_exit. */
int xt_down(const char *word, bool if_running);
/* Go on with it in this program. changed_only: unless it runs this program already, or does not run
 * (XT_RUNNING_NONE). no_restart: fail where only a restart would do. Returns as xt_up. */
int xt_upgrade(const char *word, bool changed_only, bool no_restart);

/* Wait for a handshake with peer of a running instance (NULL: all), and print what it came to.
 * reachable: only peers that have an endpoint, and a session that is there is enough. */
#define XT_WAIT_MS 30000
int xt_wait_peers(const char *name, const char *peer, uint64_t timeout_ms, bool reachable);

/* Options of a verb; its source reads them by index. */
extern const struct xt_option xt_up_options[];
extern const struct xt_option xt_down_options[];
extern const struct xt_option xt_upgrade_options[];
extern const struct xt_option xt_reload_options[];
extern const struct xt_option xt_show_options[];
extern const struct xt_option xt_why_options[];
extern const struct xt_option xt_wait_options[];
extern const struct xt_option xt_ping_options[];
extern const struct xt_option xt_capture_options[];
extern const struct xt_option xt_exporter_options[];
extern const struct xt_option xt_metrics_options[];
extern const struct xt_option xt_events_options[];
extern const struct xt_option xt_top_options[];
extern const struct xt_option xt_check_options[];
extern const struct xt_option xt_new_options[];
extern const struct xt_option xt_add_options[];
extern const struct xt_option xt_remove_options[];
extern const struct xt_option xt_list_options[];
extern const struct xt_option xt_rotate_options[];
extern const struct xt_option xt_echo_options[];
extern const struct xt_option xt_bench_options[];
extern const struct xt_option xt_lab_options[];

/* The long help of a verb. */
extern const char xt_text_run[], xt_text_up[], xt_text_down[], xt_text_upgrade[], xt_text_reload[],
    xt_text_strip[], xt_text_save[], xt_text_show[], xt_text_why[], xt_text_wait[], xt_text_ping[],
    xt_text_events[], xt_text_log[], xt_text_capture[], xt_text_check[], xt_text_new[],
    xt_text_echo[], xt_text_top[];
extern const char xt_text_add[], xt_text_remove[], xt_text_list[], xt_text_disable[],
    xt_text_enable[], xt_text_rotate[], xt_text_start[], xt_text_stop[], xt_text_restart[],
    xt_text_status[];
extern const char xt_text_exporter[], xt_text_metrics[];
extern const char xt_text_bench[], xt_text_lab[];

#endif
