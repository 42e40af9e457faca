/* SPDX-License-Identifier: MIT */
/* Help, generated from the table of verbs; examples come first. */
#include "cli/args.h"

#include <string.h>

#include "cli/term.h"

static void examples_print(const char *examples, FILE *out)
{
	bool color = xt_term_color(out);

	while (*examples) {
		int len = (int)strcspn(examples, "\n");
		bool comment = *examples == '#';

		fprintf(out, "  %s%.*s%s\n", color && comment ? "\033[2m" : "", len, examples,
			color && comment ? "\033[0m" : "");
		examples += len;
		examples += *examples == '\n';
	}
}

void xt_help_all(const struct xt_verb *table, FILE *out)
{
	fputs("Examples:\n", out);
	examples_print("# write the configuration files of both ends of a new tunnel\n"
		       "xtunnel new left.example right.example\n"
		       "# start one end, show its state, ping through it, end it\n"
		       "xtunnel up left\n"
		       "xtunnel show left\n"
		       "xtunnel ping left right\n"
		       "xtunnel down left\n"
		       "# the peer is not reached: why, and what to do\n"
		       "xtunnel why left\n",
		       out);
	fputs(
	    "\nUsage: xtunnel VERB [OPTION...] [OPERAND...]\n"
	    "       xtunnel [-f | --foreground] [--] INTERFACE   for wg-quick(8) and controllers\n"
	    "\nVerbs:\n",
	    out);
	for (; table->name; table++)
		fprintf(out, "  %-9s %s\n", table->name, table->summary);
	fputs(
	    "\n  help VERB  describes one verb; --version [--json] prints the libraries in use.\n"
	    "\nExit status: 0 success, 1 failure, 2 usage, 3 not running, 4 configuration invalid,\n"
	    "5 peer not reachable.\n",
	    out);
}

static void option_print(const struct xt_option *option, FILE *out)
{
	char left[48];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", option->letter ? '-' : ' ',
		 option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
		 option->value && option->value[0] != '[' ? " " : "",
		 option->value ? option->value : "");
	fprintf(out, "  %-26s %s\n", left, option->help);
}

void xt_help_verb(const struct xt_verb *verb, FILE *out)
{
	static const struct xt_option help = {'h', "help", NULL, "show this text"};
	const struct xt_option *option = verb->options;

	fputs("Examples:\n", out);
	examples_print(verb->examples, out);
	fprintf(out, "\nUsage: xtunnel %s%s%s%s\n\n%s.\n", verb->name,
		verb->options ? " [OPTION...]" : "", *verb->operands ? " " : "", verb->operands,
		verb->summary);
	if (verb->text)
		fprintf(out, "%s", verb->text);
	fputs("\nOptions:\n", out);
	for (; option && option->name; option++)
		option_print(option, out);
	option_print(&help, out);
}
