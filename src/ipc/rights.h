/* SPDX-License-Identifier: MIT */
/* Which user may send which verb over the control socket, and the protocol's version. */
#ifndef XT_IPC_RIGHTS_H
#define XT_IPC_RIGHTS_H

/* A client that states its version in a request ("protocol": N) gets it stated in the first answer,
 * large answers in chunks (chunks.h), and progress while it waits. One that states none gets each
 * answer in one line. */
#define XT_PROTOCOL	 1
#define XT_PROTOCOL_VERB "do"
#define XT_PROTOCOL_DOWN "down" /* the one verb that every version accepts of every other */
#define XT_PROTOCOL_DIFFER                                                                         \
	"the running instance speaks another protocol than this program: restart it"

/* The owner is root or the user that the instance runs as. Every other local user that the mode
 * of the socket lets in is an observer: it learns the state and no secret. */
enum xt_right { XT_RIGHT_OBSERVER, XT_RIGHT_OWNER };

/* The least right that verb takes; XT_RIGHT_OWNER for one that is not in the table, or NULL. */
enum xt_right xt_verb_right(const char *verb);

#endif
