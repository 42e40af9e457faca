/* Findings in a configuration file. */
#ifndef XT_CONTROL_CONF_NOTE_H
#define XT_CONTROL_CONF_NOTE_H

#include "control/conf.h"

/* Append; beyond XT_CONF_ERRORS_MAX of either kind nothing is kept. 0 or XT_E_NOMEM. */
int xt_conf_note(struct xt_conf_notes *notes, bool warning, unsigned line, unsigned column,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
size_t xt_conf_notes_count(const struct xt_conf_notes *notes, bool warning);
void xt_conf_notes_sort(struct xt_conf_notes *notes, size_t from); /* by line; stable */

#endif
