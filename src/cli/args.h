/* SPDX-License-Identifier: MIT */
/* The command line: one table of verbs makes the parser, the help and the suggestions. */
#ifndef XT_CLI_ARGS_H
#define XT_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/exit.h"

#define XT_OPTIONS_MAX 8

struct xt_option {
	char letter;
	const char *name;  /* NULL ends a verb's options */
	const char *value; /* what follows, as help calls it; NULL: a switch; "[=X]": may lack */
	const char *help;
};

struct xt_args;

struct xt_verb {
	const char *name;			/* NULL ends the table */
	const char *operands;			/* as help writes them */
	int min, max;				/* how many; max -1: any number */
	const char *summary;			/* one line without full stop */
	const char *examples;			/* lines: "# comment" or a command */
	const char *text;			/* more for `help VERB`, or NULL */
	const struct xt_option *options;	/* NULL: none but --help */
	int (*run)(const struct xt_args *args); /* enum xt_exit */
};

/* given[i], value[i]: by index in the verb's options; value is NULL where it may lack and does.
 * Everything points into argv. */
struct xt_args {
	const struct xt_verb *table;
	const struct xt_verb *verb;
	bool given[XT_OPTIONS_MAX];
	const char *value[XT_OPTIONS_MAX];
	const char *const *operands;
	int n;
};

enum xt_args_action {
	XT_ARGS_RUN,	   /* call verb->run */
	XT_ARGS_INTERFACE, /* [-f] NAME: operands[0], and given[0] for -f */
	XT_ARGS_HELP,	   /* of verb, or of all where it is NULL */
	XT_ARGS_VERSION,   /* given[0] for --json */
	XT_ARGS_WRONG,	   /* message says why: exit 2 */
};

/* Parse argv[1..] by the table; permutes argv. message: at least 200 bytes, written when the
 * command line is wrong: a sentence, with "did you mean" where a word is near. Without arguments
 * the action is help. A single word that is neither a verb nor one edit away from one is an
 * interface name. */
enum xt_args_action xt_args_parse(struct xt_args *args, const struct xt_verb *table, int argc,
				  char **argv, char *message, size_t len);

const struct xt_verb *xt_verb_find(const struct xt_verb *table, const char *name);
void xt_help_all(const struct xt_verb *table, FILE *out);
void xt_help_verb(const struct xt_verb *verb, FILE *out);

/* The number of option i, or fallback when it was not given, or without a value.  false: not a
 * number in the range, which is printed on stderr. */
bool xt_args_number(const struct xt_args *args, int i, uint64_t min, uint64_t max,
		    uint64_t fallback, uint64_t *out);
/* As above for seconds with a fraction, in milliseconds: "0.2" is 200. */
bool xt_args_seconds(const struct xt_args *args, int i, uint64_t min_ms, uint64_t max_ms,
		     uint64_t fallback_ms, uint64_t *out_ms);

#endif
