/* SPDX-License-Identifier: MIT */
/* Candidates from the table of verbs: verbs, options, and for each operand what its name in the
 * help says. So a new verb is completed without a line here. */
#include "cli/complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/hub.h"
#include "cli/query.h"
#include "cli/show_fields.h"
#include "config/conf.h"

/* What an operand or a value is, by its name in the help. */
enum kind { KIND_OTHER, KIND_NAME, KIND_PEER, KIND_FILE, KIND_DIR, KIND_FIELD, KIND_LEVEL };

static const struct {
	const char *word;
	enum kind kind;
} kinds[] = {
    {"NAME", KIND_NAME},   {"INTERFACE", KIND_NAME}, {"HUB", KIND_NAME},  {"PEER", KIND_PEER},
    {"FILE", KIND_FILE},   {"OTHER", KIND_FILE},     {"PATH", KIND_FILE}, {"DIR", KIND_DIR},
    {"FIELD", KIND_FIELD}, {"LEVEL", KIND_LEVEL},
};

/* Names come from files and other processes: nothing that a terminal would obey. */
static bool text_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

static void candidate(const char *word, const char *prefix, const char *description)
{
	if (strncmp(word, prefix, strlen(prefix)) == 0 && text_plain(word))
		printf("%s\t%s\n", word, description);
}

static void verbs_complete(const struct xt_verb *table, const char *prefix)
{
	candidate("help", prefix, "describe one verb");
	for (; table->name; table++)
		candidate(table->name, prefix, table->summary);
}

static void head_options_complete(const char *prefix)
{
	candidate("--help", prefix, "show the verbs");
	candidate("--version", prefix, "print the version and the libraries in use");
	candidate("--foreground", prefix, "INTERFACE in the foreground, for wg-quick(8)");
}

static void options_complete(const struct xt_option *option, const char *prefix)
{
	char name[40];

	for (; option && option->name; option++) {
		snprintf(name, sizeof(name), "--%s", option->name);
		candidate(name, prefix, option->help);
		snprintf(name, sizeof(name), "-%c", option->letter);
		if (option->letter && prefix[1] != '-')
			candidate(name, prefix, option->help);
	}
	candidate("--help", prefix, "show the help of this verb");
}

static void running_complete(const char *prefix)
{
	char **names;
	size_t n;

	if (xt_rundir_list(&names, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		candidate(names[i], prefix, "running");
	xt_rundir_list_free(names, n);
}

static void configured_complete(const char *directory, const char *prefix)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char name[64], path[XT_RUNSOCK_MAX];

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (len <= 5 || len - 5 >= sizeof(name) ||
		    strcmp(entry->d_name + len - 5, ".conf") != 0)
			continue;
		memcpy(name, entry->d_name, len - 5);
		name[len - 5] = '\0';
		if (xt_conf_name_valid(name) && !xt_rundir_find(path, name))
			candidate(name, prefix, directory);
	}
	if (dir)
		closedir(dir);
}

static void names_complete(const char *prefix)
{
	running_complete(prefix);
	configured_complete("/etc/xtunnel", prefix);
	configured_complete("/etc/wireguard", prefix);
}

static void peer_complete(const char *name, const char *key, const char *prefix)
{
	if (name && *name)
		candidate(name, prefix, key ? key : "peer");
	else if (key)
		candidate(key, prefix, "peer without Name");
}

/* false: the instance does not answer. */
static bool running_peers_complete(const char *word, const char *prefix)
{
	struct xt_client *client;
	json_t *status = NULL;
	const json_t *peer;
	char path[XT_RUNSOCK_MAX], buf[64];
	size_t i;
	int rc;

	if (!xt_rundir_find(path, xt_query_name(word, buf)) || xt_client_open(&client, path) < 0)
		return false;
	rc = xt_client_request(client, json_pack("{s:s}", "do", "show"), XT_SOCKET_SILENCE_MS,
			       &status);
	xt_client_close(client);
	for (i = 0; rc == 0 && i < json_array_size(json_object_get(status, "peers")); i++) {
		peer = json_array_get(json_object_get(status, "peers"), i);
		peer_complete(xt_query_text(peer, "name"), xt_query_text(peer, "public_key"),
			      prefix);
	}
	json_decref(status);
	return rc == 0;
}

static void peers_complete(const struct xt_conf *conf, const char *prefix)
{
	char key[XT_KEY_BASE64];

	for (size_t i = 0; i < conf->n_peers; i++) {
		xt_key_to_base64(key, conf->peers[i].key.b);
		peer_complete(conf->peers[i].name, key, prefix);
	}
}

/* Of a file: no instance knows them. Shells drop the messages. */
static void disabled_complete(const char *word, const char *prefix)
{
	struct xt_hub hub;

	if (xt_hub_open(&hub, word, false) == XT_EXIT_OK)
		peers_complete(&hub.disabled, prefix);
	xt_hub_close(&hub);
}

static void conf_peers_complete(const char *word, const char *prefix)
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf conf = {0};

	if ((xt_conf_is_path(word) || xt_conf_name_valid(word)) &&
	    xt_conf_load(&conf, word, &diagnostics) == 0)
		peers_complete(&conf, prefix);
	xt_conf_clear(&conf);
	xt_conf_diagnostics_clear(&diagnostics);
}

static void levels_complete(const char *prefix)
{
	for (int i = XT_LOG_SILENT; i <= XT_LOG_DEBUG; i++)
		candidate(xt_log_level_text((enum xt_log_level)i), prefix, "");
}

static void fields_complete(const char *prefix)
{
	const char *field;

	for (size_t i = 0; (field = xt_show_field_name(i)); i++)
		candidate(field, prefix, "for scripts, as `wg show`");
}

static void kind_complete(enum kind kind, const char *name, const char *prefix)
{
	switch (kind) {
	case KIND_NAME:
		names_complete(prefix);
		break;
	case KIND_PEER:
		if (name && !running_peers_complete(name, prefix))
			conf_peers_complete(name, prefix);
		break;
	case KIND_FILE:
		puts(":files");
		break;
	case KIND_DIR:
		puts(":dirs");
		break;
	case KIND_FIELD:
		fields_complete(prefix);
		break;
	case KIND_LEVEL:
		levels_complete(prefix);
		break;
	case KIND_OTHER:
		break;
	}
}

/* Each alternative of text, which is len bytes as "[NAME|FILE" or "PEER]...". */
static void operand_complete(const char *text, size_t len, const char *name, const char *prefix)
{
	size_t n;

	for (const char *p = text, *end = text + len; p < end; p += n) {
		n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		for (size_t i = 0; n > 0 && i < XT_LEN(kinds); i++) {
			if (strlen(kinds[i].word) == n && memcmp(kinds[i].word, p, n) == 0 &&
			    n <= (size_t)(end - p))
				kind_complete(kinds[i].kind, name, prefix);
		}
		n += n == 0;
	}
}

/* The operand at index; the last one again where more may follow. */
static void operand_at_complete(const char *operands, int index, const char *name,
				const char *prefix)
{
	const char *p = operands;

	while (*p) {
		size_t len = strcspn(p, " ");
		bool repeats = len >= 3 && strncmp(p + len - 3, "...", 3) == 0;

		if (index == 0 || repeats) {
			operand_complete(p, len, name, prefix);
			return;
		}
		index--;
		p += len;
		p += *p == ' ';
	}
}

/* The option that takes the following word as its value, or NULL. */
static const struct xt_option *option_waiting(const struct xt_verb *verb, const char *word)
{
	const struct xt_option *option = verb->options;

	for (; word[0] == '-' && option && option->name; option++) {
		bool named = strncmp(word, "--", 2) == 0
				 ? strcmp(word + 2, option->name) == 0
				 : word[1] && word[1] == option->letter && !word[2];

		if (named && option->value && option->value[0] != '[')
			return option;
	}
	return NULL;
}

static void verb_complete(const struct xt_verb *verb, int n, char **words)
{
	const char *prefix = words[n - 1], *name = NULL;
	const struct xt_option *waiting = NULL;
	int operands = 0;
	bool only_operands = false, enable = strcmp(verb->name, "enable") == 0;

	for (int i = 0; i < n - 1; i++) {
		if (waiting) {
			waiting = NULL;
		} else if (!only_operands && words[i][0] == '-' && words[i][1]) {
			only_operands = strcmp(words[i], "--") == 0;
			waiting = option_waiting(verb, words[i]);
		} else {
			name = operands == 0 ? words[i] : name;
			operands++;
		}
	}
	if (waiting)
		operand_complete(waiting->value, strlen(waiting->value), name, prefix);
	else if (prefix[0] == '-' && !only_operands)
		options_complete(verb->options, prefix);
	else if (enable && operands == 1)
		disabled_complete(name, prefix);
	else
		operand_at_complete(verb->operands, operands, name, prefix);
	if (operands == 1 && strcmp(verb->name, "remove") == 0 && prefix[0] != '-')
		disabled_complete(name, prefix);
}

void xt_complete(const struct xt_verb *table, int n, char **words)
{
	static char *none[] = {""};
	const struct xt_verb *verb;

	if (n == 0)
		words = none, n = 1;
	if (n == 1) {
		verbs_complete(table, words[0]);
		if (words[0][0] == '-')
			head_options_complete(words[0]);
		return;
	}
	if (strcmp(words[0], "help") == 0) {
		if (n == 2)
			verbs_complete(table, words[1]);
		return;
	}
	if (words[0][0] == '-') {
		names_complete(words[n - 1]);
		return;
	}
	verb = xt_verb_find(table, words[0]);
	if (verb)
		verb_complete(verb, n - 1, words + 1);
}
