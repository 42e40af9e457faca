/* SPDX-License-Identifier: MIT */
/* layers: cli */
/* The command line: verbs, options, suggestions, and what hostile argv gets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "test_main.h"

static const struct xt_option ping_options[] = {
    {'c', "count", "N", "requests"},
    {'i', "interval", "SECONDS", "between them"},
    {'j', "json", NULL, "JSON"},
    {0},
};

static const struct xt_option up_options[] = {
    {'w', "wait", "[=SECONDS]", "wait"},
    {0},
};

static int run_nothing(const struct xt_args *args)
{
	(void)args;
	return 0;
}

static const struct xt_verb table[] = {
    {"ping", "NAME PEER", 2, 2, "ping a peer", "# one\nxtunnel ping a b\n", NULL, ping_options,
     run_nothing},
    {"echo", "NAME ADDR...", 2, -1, "echo", "xtunnel echo e 192.168.7.1/24\n", NULL, NULL,
     run_nothing},
    {"up", "NAME", 1, 1, "start", "xtunnel up a\n", NULL, up_options, run_nothing},
    {"down", "NAME", 1, 1, "end", "xtunnel down a\n", NULL, NULL, run_nothing},
    {"genkey", "", 0, 0, "a key", "xtunnel genkey\n", "\nMore.\n", NULL, run_nothing},
    {0},
};

static struct xt_args args;
static char message[256];

/* words: separated by blanks; "''" is the empty word. */
static enum xt_args_action parse(const char *words)
{
	static char text[1024];
	static char *argv[64];
	int argc = 0;

	snprintf(text, sizeof(text), "xtunnel %s", words);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	argv[argc] = NULL;
	strcpy(message, "");
	return xt_args_parse(&args, table, argc, argv, message, sizeof(message));
}

static void message_has(const char *words, const char *part)
{
	assert_int_equal(parse(words), XT_ARGS_WRONG);
	if (!strstr(message, part))
		print_error("%s: message \"%s\", not \"%s\"\n", words, message, part);
	assert_non_null(strstr(message, part));
}

static void a_verb_gets_its_operands(void **state)
{
	(void)state;
	assert_int_equal(parse("ping left right"), XT_ARGS_RUN);
	assert_string_equal(args.verb->name, "ping");
	assert_int_equal(args.n, 2);
	assert_string_equal(args.operands[0], "left");
	assert_string_equal(args.operands[1], "right");
	assert_false(args.given[0] || args.given[1] || args.given[2]);
}

static void options_may_stand_anywhere_short_or_long(void **state)
{
	static const char *const lines[] = {
	    "ping -c 3 -j left right",	    "ping left -c3 right --json",
	    "ping left right --count=3 -j", "ping left right --count 3 --json",
	    "ping --cou 3 --js left right",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i]), XT_ARGS_RUN);
		assert_true(args.given[0]);
		assert_string_equal(args.value[0], "3");
		assert_true(args.given[2]);
		assert_null(args.value[2]);
		assert_int_equal(args.n, 2);
		assert_string_equal(args.operands[0], "left");
		assert_string_equal(args.operands[1], "right");
	}
}

static void behind_two_dashes_all_are_operands(void **state)
{
	(void)state;
	assert_int_equal(parse("ping -- -c --json"), XT_ARGS_RUN);
	assert_string_equal(args.operands[0], "-c");
	assert_string_equal(args.operands[1], "--json");
	assert_false(args.given[0]);
}

static void help_and_version_are_actions(void **state)
{
	(void)state;
	assert_int_equal(parse(""), XT_ARGS_HELP);
	assert_null(args.verb);
	assert_int_equal(parse("--help"), XT_ARGS_HELP);
	assert_int_equal(parse("-h"), XT_ARGS_HELP);
	assert_int_equal(parse("help"), XT_ARGS_HELP);
	assert_null(args.verb);
	assert_int_equal(parse("help ping"), XT_ARGS_HELP);
	assert_string_equal(args.verb->name, "ping");
	assert_int_equal(parse("ping --help"), XT_ARGS_HELP);
	assert_string_equal(args.verb->name, "ping");
	assert_int_equal(parse("ping left -h"), XT_ARGS_HELP);
	assert_int_equal(parse("--version"), XT_ARGS_VERSION);
	assert_int_equal(parse("-V"), XT_ARGS_VERSION);
	assert_false(args.given[0]);
	assert_int_equal(parse("--version --json"), XT_ARGS_VERSION);
	assert_true(args.given[0]);
	assert_int_equal(parse("--json --version"), XT_ARGS_VERSION);
	assert_true(args.given[0]);
	assert_int_equal(parse("version --json"), XT_ARGS_VERSION);
	assert_true(args.given[0]);
	message_has("--version --jsn", "--version takes --json");
	message_has("--json", "unknown option");
	message_has("--json ping", "unknown option");
}

static void is_interface(const char *words, const char *name, bool foreground)
{
	assert_int_equal(parse(words), XT_ARGS_INTERFACE);
	assert_int_equal(args.n, 1);
	assert_string_equal(args.operands[0], name);
	assert_int_equal(args.given[0], foreground);
}

static void a_word_that_is_no_verb_is_an_interface(void **state)
{
	(void)state;
	is_interface("wg0", "wg0", false);
	is_interface("frobnicate", "frobnicate", false);
	is_interface("-f wg0", "wg0", true);
	is_interface("--foreground wg0", "wg0", true);
	is_interface("-- wg0", "wg0", false);
	is_interface("-f -- wg0", "wg0", true);
	is_interface("-- ping", "ping", false); /* -- forces an interface name */
	is_interface("-f ping", "ping", true);
	is_interface("-- help", "help", false);
	message_has("ping", "usage"); /* a verb has precedence */
	message_has("pin", "did you mean \"ping\"?");
	message_has("ipng", "did you mean \"ping\"?");
	message_has("pingg", "did you mean \"ping\"?");
	message_has("Ping", "did you mean \"ping\"?");
	message_has("pong", "did you mean \"ping\"?");
	message_has("pong", "xtunnel -- pong");
	message_has("hepl", "did you mean \"help\"?");
	message_has("stop", "did you mean \"down\"?");
	message_has("stop left", "did you mean \"down\"?");
	message_has("start left", "did you mean \"up\"?");
	message_has("help stop", "did you mean \"down\"?");
	is_interface("pongo", "pongo", false); /* two edits */
	is_interface("-- pong", "pong", false);
	message_has("-f", "missing");
	message_has("--", "missing");
	message_has("-f -x", "not a name");
	message_has("-- -x", "not a name");
	message_has("-- --", "not a name");
	message_has("-x", "unknown option");
	message_has("-f wg0 wg1", "one word too many");
	message_has("wg0 wg1", "unknown verb");
	message_has("wg0 -f", "unknown verb");
	message_has("''", "unknown verb");
}

static void mistakes_are_named_with_the_next_step(void **state)
{
	(void)state;
	message_has("pnig a b", "did you mean \"ping\"?");
	message_has("PING a b", "did you mean \"ping\"?");
	message_has("frobnicate a", "unknown verb");
	message_has("frobnicate a", "--help");
	message_has("help pong", "did you mean \"ping\"?");
	message_has("-x ping", "before the verb");
	message_has("--jsno ping", "before the verb");
	message_has("ping a b --cuont 3", "did you mean --count?");
	message_has("ping a b --cuont=3", "did you mean --count?");
	message_has("ping a b --frob", "unknown option --frob");
	message_has("ping a b -z", "unknown option -z");
	message_has("ping a b -c", "a value is missing");
	message_has("ping a b --count", "a value is missing");
	message_has("ping a b --json=1", "takes no value");
	message_has("ping a", "usage: xtunnel ping NAME PEER");
	message_has("ping", "usage: xtunnel ping NAME PEER");
	message_has("ping a b c", "one word too many: c");
	message_has("genkey x", "one word too many: x");
	message_has("echo e", "usage:");
	message_has("''", "unknown verb");
}

static void an_endless_word_does_not_overflow_the_message(void **state)
{
	char *word = malloc(100001);
	char *verbs[] = {(char *)"xtunnel", word, NULL};
	char *options[] = {(char *)"xtunnel", (char *)"ping", word, NULL};
	char *values[] = {(char *)"xtunnel", (char *)"genkey", word, NULL};

	(void)state;
	memset(word, 'a', 100000);
	word[100000] = '\0';
	assert_int_equal(xt_args_parse(&args, table, 2, verbs, message, sizeof(message)),
			 XT_ARGS_WRONG);
	assert_true(strlen(message) < 200);
	assert_int_equal(xt_args_parse(&args, table, 3, values, message, sizeof(message)),
			 XT_ARGS_WRONG);
	assert_true(strlen(message) < 200);
	word[0] = word[1] = '-';
	assert_int_equal(xt_args_parse(&args, table, 3, options, message, sizeof(message)),
			 XT_ARGS_WRONG);
	assert_true(strlen(message) < 200);
	free(word);
}

static void numbers_are_whole_and_within_bounds(void **state)
{
	static const char *const bad[] = {
	    "0", "101", "-1", "+1", "1x", "0x10", "1.5", "''", "99999999999999999999"};
	char line[64];
	uint64_t n;

	(void)state;
	assert_int_equal(parse("ping a b"), XT_ARGS_RUN);
	assert_true(xt_args_number(&args, 0, 1, 100, 7, &n));
	assert_int_equal(n, 7);
	assert_int_equal(parse("ping a b -c 100"), XT_ARGS_RUN);
	assert_true(xt_args_number(&args, 0, 1, 100, 7, &n));
	assert_int_equal(n, 100);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "ping a b -c %s", bad[i]);
		assert_int_equal(parse(line), XT_ARGS_RUN);
		assert_false(xt_args_number(&args, 0, 1, 100, 7, &n));
	}
}

static void seconds_may_have_a_fraction(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms; /* 0: refused */
	} cases[] = {
	    {"1", 1000},   {"0.2", 200},  {".5", 500}, {"2.", 2000},
	    {"0.0019", 1}, {"60", 60000}, {"60.1", 0}, {"0", 0},
	    {"0.0001", 0}, {".", 0},	  {"''", 0},   {"-1", 0},
	    {"1.2.3", 0},  {"1e3", 0},	  {"0.2s", 0}, {"111111111111111111111111111111.5", 0},
	};
	char line[96];
	uint64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "ping a b -i %s", cases[i].text);
		assert_int_equal(parse(line), XT_ARGS_RUN);
		bool ok = xt_args_seconds(&args, 1, 1, 60000, 5, &ms);
		assert_int_equal(ok, cases[i].ms != 0);
		if (ok)
			assert_int_equal(ms, cases[i].ms);
	}
}

static void a_value_may_lack_where_its_option_allows_that(void **state)
{
	static const struct {
		const char *words;
		uint64_t ms; /* 0: refused */
	} cases[] = {
	    {"up a", 5},
	    {"up a --wait", 5},
	    {"up --wait a", 5},
	    {"up a -w", 5},
	    {"up a --wait=2", 2000},
	    {"up a -w2", 2000},
	    {"up --wait=0.5 a", 500},
	    {"up a --wait=x", 0},
	    {"up a --wait=", 0},
	};
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	uint64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].words), XT_ARGS_RUN);
		assert_int_equal(args.given[0], i > 0);
		assert_string_equal(args.operands[0], "a");
		assert_int_equal(xt_args_seconds(&args, 0, 1, 60000, 5, &ms), cases[i].ms != 0);
		assert_true(cases[i].ms == 0 || ms == cases[i].ms);
	}
	message_has("up a --wait 2", "one word too many");
	xt_help_verb(xt_verb_find(table, "up"), out);
	fclose(out);
	assert_non_null(strstr(text, "--wait[=SECONDS]"));
}

static void help_begins_with_examples_and_names_every_option(void **state)
{
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	xt_help_verb(&table[0], out);
	fclose(out);
	assert_ptr_equal(strstr(text, "Examples:"), text);
	assert_non_null(strstr(text, "-c, --count N"));
	assert_non_null(strstr(text, "-j, --json"));
	assert_non_null(strstr(text, "-h, --help"));
	assert_non_null(strstr(text, "Usage: xtunnel ping"));
	out = fmemopen(text, sizeof(text), "w");
	xt_help_all(table, out);
	fclose(out);
	assert_ptr_equal(strstr(text, "Examples:"), text);
	for (size_t i = 0; table[i].name; i++)
		assert_non_null(strstr(text, table[i].summary));
}

TEST_MAIN(cmocka_unit_test(a_verb_gets_its_operands),
	  cmocka_unit_test(options_may_stand_anywhere_short_or_long),
	  cmocka_unit_test(behind_two_dashes_all_are_operands),
	  cmocka_unit_test(help_and_version_are_actions),
	  cmocka_unit_test(a_word_that_is_no_verb_is_an_interface),
	  cmocka_unit_test(mistakes_are_named_with_the_next_step),
	  cmocka_unit_test(an_endless_word_does_not_overflow_the_message),
	  cmocka_unit_test(numbers_are_whole_and_within_bounds),
	  cmocka_unit_test(seconds_may_have_a_fraction),
	  cmocka_unit_test(a_value_may_lack_where_its_option_allows_that),
	  cmocka_unit_test(help_begins_with_examples_and_names_every_option))
