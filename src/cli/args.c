/* SPDX-License-Identifier: MIT */
/* The command line, read by the table of verbs. */
#include "cli/args.h"

#include <getopt.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/term.h"
#include "config/conf.h"

#define VERBS_MAX 48

static const struct xt_option no_options[] = {{0}};

const struct xt_verb *xt_verb_find(const struct xt_verb *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

/* The verb that other programs call word, or NULL. */
static const char *verb_meant(const struct xt_verb *table, const char *word)
{
	static const char *const meant[][2] = {
	    {"stop", "down"},	    {"end", "down"},	   {"kill", "down"},
	    {"start", "up"},	    {"status", "show"},	   {"list", "show"},
	    {"ls", "show"},	    {"setup", "new"},	   {"init", "new"},
	    {"verify", "check"},    {"validate", "check"}, {"restart", "reload"},
	    {"syncconf", "reload"}, {"diagnose", "why"},   {"explain", "why"},
	};

	for (size_t i = 0; i < XT_LEN(meant); i++) {
		if (strcmp(meant[i][0], word) == 0 && xt_verb_find(table, meant[i][1]))
			return meant[i][1];
	}
	return NULL;
}

static const char *verb_nearest(const struct xt_verb *table, const char *word)
{
	const char *names[VERBS_MAX], *meant = verb_meant(table, word);
	size_t n = 0;

	if (meant)
		return meant;
	for (; table->name && n < VERBS_MAX - 1; table++)
		names[n++] = table->name;
	names[n++] = "help";
	return xt_nearest(word, names, n);
}

static const char *option_nearest(const struct xt_option *options, const char *word)
{
	const char *names[XT_OPTIONS_MAX + 1];
	size_t n = 0;

	for (; options->name && n < XT_OPTIONS_MAX; options++)
		names[n++] = options->name;
	names[n++] = "help";
	return xt_nearest(word, names, n);
}

static enum xt_args_action args_wrong_verb(const struct xt_verb *table, const char *word,
					   char *message, size_t len)
{
	const char *near = verb_nearest(table, word);

	if (word[0] == '-')
		snprintf(message, len, "%.40s: unknown option before the verb; see xtunnel --help",
			 word);
	else if (near)
		snprintf(message, len, "%.40s: unknown verb, did you mean \"%s\"?", word, near);
	else
		snprintf(message, len, "%.40s: unknown verb; xtunnel --help lists them", word);
	return XT_ARGS_WRONG;
}

/* The verb that word stands for elsewhere or that is one edit away from it, or NULL. */
static const char *verb_guess(const struct xt_verb *table, const char *word)
{
	const char *meant = verb_meant(table, word);

	if (meant)
		return meant;
	if (strcmp(word, "lo") == 0) /* an interface of every host */
		return NULL;
	if (xt_one_edit(word, "help"))
		return "help";
	for (; table->name; table++) {
		if (xt_one_edit(word, table->name))
			return table->name;
	}
	return NULL;
}

static enum xt_args_action args_take_interface(struct xt_args *args, int at, int argc, char **argv,
					       char *message, size_t len)
{
	if (at >= argc) {
		snprintf(message, len, "the name of an interface is missing; see xtunnel --help");
		return XT_ARGS_WRONG;
	}
	if (!xt_conf_name_valid(argv[at])) {
		snprintf(message, len,
			 "%.40s: not a name for an interface (1 to 15 letters, digits or _=+.-, no "
			 "- in front) and no verb; see xtunnel --help",
			 argv[at]);
		return XT_ARGS_WRONG;
	}
	if (at + 1 < argc) {
		snprintf(message, len, "one word too many after %.40s: %.40s", argv[at],
			 argv[at + 1]);
		return XT_ARGS_WRONG;
	}
	args->operands = (const char *const *)argv + at;
	args->n = 1;
	return XT_ARGS_INTERFACE;
}

/* [-f | --foreground] [--] NAME: how wg-quick(8) calls a userspace implementation. */
static enum xt_args_action args_parse_interface(struct xt_args *args, int argc, char **argv,
						char *message, size_t len)
{
	int at = 1;

	while (at < argc &&
	       (strcmp(argv[at], "-f") == 0 || strcmp(argv[at], "--foreground") == 0)) {
		args->given[0] = true;
		at++;
	}
	if (at < argc && strcmp(argv[at], "--") == 0)
		at++;
	return args_take_interface(args, at, argc, argv, message, len);
}

/* Not a verb: the name of an interface, unless it looks like a misspelt verb. */
static enum xt_args_action args_parse_word(struct xt_args *args, int argc, char **argv,
					   char *message, size_t len)
{
	const char *word = argv[1], *meant = verb_guess(args->table, word);

	if (!meant && argc == 2 && *word)
		return args_take_interface(args, 1, argc, argv, message, len);
	if (meant && argc == 2) {
		snprintf(message, len,
			 "%.40s: unknown verb, did you mean \"%s\"? (for an interface of that "
			 "name: xtunnel -- %.20s)",
			 word, meant, word);
		return XT_ARGS_WRONG;
	}
	return args_wrong_verb(args->table, word, message, len);
}

static bool word_is_version(const char *word)
{
	return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 ||
	       strcmp(word, "version") == 0;
}

/* --version and --json, in any order. */
static enum xt_args_action args_parse_version(struct xt_args *args, int argc, char **argv,
					      char *message, size_t len)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			args->given[0] = true;
		} else if (!word_is_version(argv[i])) {
			snprintf(message, len, "--version takes --json and no other word: %.40s",
				 argv[i]);
			return XT_ARGS_WRONG;
		}
	}
	return XT_ARGS_VERSION;
}

/* The first word. XT_ARGS_RUN: it is a verb. */
static enum xt_args_action args_parse_head(struct xt_args *args, int argc, char **argv,
					   char *message, size_t len)
{
	const char *word = argc > 1 ? argv[1] : "--help";
	bool help = strcmp(word, "help") == 0;

	if (word_is_version(word) ||
	    (strcmp(word, "--json") == 0 && argc > 2 && word_is_version(argv[2])))
		return args_parse_version(args, argc, argv, message, len);
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (help && argc == 2))
		return XT_ARGS_HELP;
	if (strcmp(word, "-f") == 0 || strcmp(word, "--foreground") == 0 || strcmp(word, "--") == 0)
		return args_parse_interface(args, argc, argv, message, len);
	args->verb = xt_verb_find(args->table, help ? argv[2] : word);
	if (args->verb)
		return help ? XT_ARGS_HELP : XT_ARGS_RUN;
	if (help || word[0] == '-')
		return args_wrong_verb(args->table, help ? argv[2] : word, message, len);
	return args_parse_word(args, argc, argv, message, len);
}

/* The table's options in getopt's form. val of a long option is its index + 256. */
static void getopt_make(const struct xt_option *options, struct option *longs, char *shorts)
{
	int i = 0;

	*shorts++ = ':';
	*shorts++ = 'h';
	for (; options[i].name && i < XT_OPTIONS_MAX; i++) {
		int argument = !options[i].value	    ? no_argument
			       : options[i].value[0] == '[' ? optional_argument
							    : required_argument;

		longs[i] = (struct option){options[i].name, argument, NULL, 256 + i};
		if (options[i].letter)
			*shorts++ = options[i].letter;
		if (options[i].letter && argument != no_argument)
			*shorts++ = ':';
		if (options[i].letter && argument == optional_argument)
			*shorts++ = ':';
	}
	*shorts = '\0';
	longs[i] = (struct option){"help", no_argument, NULL, 'h'};
	longs[i + 1] = (struct option){0};
}

static int option_index(const struct xt_option *options, int c)
{
	if (c >= 256)
		return c - 256;
	for (int i = 0; options[i].name; i++) {
		if (options[i].letter == c)
			return i;
	}
	return -1;
}

static enum xt_args_action args_wrong_option(const struct xt_verb *verb,
					     const struct xt_option *options, int c,
					     const char *word, char *message, size_t len)
{
	const char *near;
	char name[40];

	if (c == '?' && optopt >= 256) {
		snprintf(message, len, "%s: --%s takes no value", verb->name,
			 options[optopt - 256].name);
	} else if (c == ':') {
		snprintf(message, len, "%s %.40s: a value is missing; see xtunnel help %s",
			 verb->name, word, verb->name);
	} else if (strncmp(word, "--", 2) == 0) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
		near = option_nearest(options, name);
		snprintf(message, len, "%s: unknown option --%s%s%s%s", verb->name, name,
			 near ? ", did you mean --" : "; see xtunnel help ",
			 near ? near : verb->name, near ? "?" : "");
	} else {
		snprintf(message, len, "%s: unknown option %.40s; see xtunnel help %s", verb->name,
			 word, verb->name);
	}
	return XT_ARGS_WRONG;
}

static enum xt_args_action args_parse_options(struct xt_args *args, int argc, char **argv,
					      char *message, size_t len)
{
	const struct xt_option *options = args->verb->options ? args->verb->options : no_options;
	struct option longs[XT_OPTIONS_MAX + 2];
	char shorts[3 * XT_OPTIONS_MAX + 4], word[3] = "-?";
	int c, i;

	getopt_make(options, longs, shorts);
	optind = 0; /* restart getopt, wherever an earlier parse ended */
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == 'h')
			return XT_ARGS_HELP;
		if (c == '?' || c == ':') {
			word[1] = (char)optopt;
			bool letter = optopt > 0 && optopt < 256;
			return args_wrong_option(args->verb, options, c,
						 letter ? word : argv[optind - 1], message, len);
		}
		i = option_index(options, c);
		args->given[i] = true;
		args->value[i] = optarg;
	}
	args->operands = (const char *const *)argv + optind;
	args->n = argc - optind;
	return XT_ARGS_RUN;
}

enum xt_args_action xt_args_parse(struct xt_args *args, const struct xt_verb *table, int argc,
				  char **argv, char *message, size_t len)
{
	enum xt_args_action action;

	*args = (struct xt_args){.table = table};
	action = args_parse_head(args, argc, argv, message, len);
	if (action != XT_ARGS_RUN)
		return action;
	action = args_parse_options(args, argc - 1, argv + 1, message, len);
	if (action != XT_ARGS_RUN)
		return action;
	if (args->n < args->verb->min) {
		snprintf(message, len, "%s: usage: xtunnel %s %s", args->verb->name,
			 args->verb->name, args->verb->operands);
		return XT_ARGS_WRONG;
	}
	if (args->verb->max >= 0 && args->n > args->verb->max) {
		snprintf(message, len, "%s: one word too many: %.60s", args->verb->name,
			 args->operands[args->verb->max]);
		return XT_ARGS_WRONG;
	}
	return XT_ARGS_RUN;
}

bool xt_args_number(const struct xt_args *args, int i, uint64_t min, uint64_t max,
		    uint64_t fallback, uint64_t *out)
{
	*out = fallback;
	if (!args->given[i] || !args->value[i])
		return true;
	if (xt_number(out, args->value[i], max, false) && *out >= min)
		return true;
	xt_message("%s --%s %.40s: not a number from %llu to %llu", args->verb->name,
		   args->verb->options[i].name, args->value[i], (unsigned long long)min,
		   (unsigned long long)max);
	return false;
}

/* "12", "0.25", ".5": at most three decimals count. */
static bool seconds_parse(const char *text, uint64_t max_ms, uint64_t *out_ms)
{
	const char *point = strchr(text, '.');
	uint64_t whole = 0, part = 0, unit = 100;
	char head[24];

	if (point) {
		if ((size_t)(point - text) >= sizeof(head) || (point == text && !point[1]))
			return false;
		memcpy(head, text, (size_t)(point - text));
		head[point - text] = '\0';
		for (const char *p = point + 1; *p; p++, unit /= 10) {
			if (*p < '0' || *p > '9')
				return false;
			part += unit * (uint64_t)(*p - '0');
		}
		text = point == text ? "0" : head;
	}
	if (!xt_number(&whole, text, max_ms / 1000, false))
		return false;
	*out_ms = whole * 1000 + part;
	return *out_ms <= max_ms;
}

bool xt_args_seconds(const struct xt_args *args, int i, uint64_t min_ms, uint64_t max_ms,
		     uint64_t fallback_ms, uint64_t *out_ms)
{
	*out_ms = fallback_ms;
	if (!args->given[i] || !args->value[i])
		return true;
	if (seconds_parse(args->value[i], max_ms, out_ms) && *out_ms >= min_ms)
		return true;
	xt_message("%s --%s %.40s: not a number of seconds from %g to %g", args->verb->name,
		   args->verb->options[i].name, args->value[i], (double)min_ms / 1000,
		   (double)max_ms / 1000);
	return false;
}
