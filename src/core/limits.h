/* SPDX-License-Identifier: MIT */
/* The constants of the WireGuard paper's section 6, and additional bounds. */
#ifndef XT_CORE_LIMITS_H
#define XT_CORE_LIMITS_H

#include <stdint.h>

#define XT_MS	  (1000ull * 1000)
#define XT_SECOND (1000 * XT_MS)

/* Paper 6.1; nanoseconds where a time. */
#define XT_REKEY_AFTER_MESSAGES	 (1ull << 60)
#define XT_REJECT_AFTER_MESSAGES (UINT64_MAX - (1ull << 13))
#define XT_REKEY_AFTER_TIME	 (120 * XT_SECOND)
#define XT_REJECT_AFTER_TIME	 (180 * XT_SECOND)
#define XT_REKEY_ATTEMPT_TIME	 (90 * XT_SECOND)
#define XT_REKEY_TIMEOUT	 (5 * XT_SECOND)
#define XT_KEEPALIVE_TIMEOUT	 (10 * XT_SECOND)
#define XT_REKEY_JITTER		 (333 * XT_MS)		    /* 6.4: up to a third of a second */
#define XT_ERASE_AFTER		 (3 * XT_REJECT_AFTER_TIME) /* 6.3 */
#define XT_ATTEMPTS_MAX		 (XT_REKEY_ATTEMPT_TIME / XT_REKEY_TIMEOUT)
#define XT_INITIATION_GAP	 (20 * XT_MS) /* between two initiations accepted from a peer */

/* A key is not used for sending in its last second: the receiver's copy may be older by the transit
 * time of the response, and the packet takes as long again. */
#define XT_SEND_UNTIL (XT_REJECT_AFTER_TIME - XT_SECOND)

/* Restart detection. No peer has a session of before the start for longer than a session lives.
 * The smallest data message is 60 bytes with IP and UDP headers, an initiation 176: one initiation
 * for one message stays below three bytes out for one byte in. */
#define XT_RESTART_WINDOW XT_REJECT_AFTER_TIME /* after the device's start */
#define XT_RESTART_SCAN	  8		       /* peers at one endpoint that one message checks */
#define XT_RESTART_TRIES  3		       /* initiations to one peer, in all */
#define XT_RESTART_RATE	  256		       /* to all peers, a second */
#define XT_RESTART_BURST  1024

/* Hints that a path's MTU has fallen, which any host can forge: searches that they start. */
#define XT_HINT_RATE  256 /* all peers, a second */
#define XT_HINT_BURST 1024

/* RFC 8305, section 5: Connection Attempt Delay. */
#define XT_SECOND_FAMILY_DELAY (250 * XT_MS)

/* A learned endpoint that is older is not used after a restart. */
#define XT_REMEMBER_ENDPOINT (3600 * XT_SECOND)

/* After a change of the host's network (core/reroute.c). */
#define XT_REROUTE_INTERVAL XT_MS	  /* between two handshakes, all peers: 1,000 a second */
#define XT_REROUTE_GAP	    (250 * XT_MS) /* after the last initiation to that peer */
#define XT_REQUEST_GAP	    XT_SECOND	  /* the same, for a requested handshake */
#define XT_BOUND_WAIT	    (10 * XT_MS)  /* until the bound of timestamps is looked at again, */
#define XT_BOUND_WAITS	    9u		  /* doubled as often */

#define XT_STAGED_MAX 128 /* staged packets of one peer */
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define XT_STAGED_POOL		(4u << 20) /* bytes of staged packets, all peers */
#define XT_QUEUE_MAX		4096	   /* handshake messages */
#define XT_PENDING_COOKIE_SLOTS 1024	   /* cookie replies */
#else
#define XT_STAGED_POOL		(64u << 10)
#define XT_QUEUE_MAX		32
#define XT_PENDING_COOKIE_SLOTS 16
#endif
#define XT_QUEUE_BUSY	(XT_QUEUE_MAX / 2) /* messages from which on the device is under load */
#define XT_QUEUE_BUDGET 8		   /* messages that cost a Diffie-Hellman, per tick */
#define XT_QUEUE_CHEAP	256		   /* cookie replies, per tick */
/* Timers, per tick: of so many peers, and of them so many that call: packets do not wait for more
 * than some milliseconds when all peers are due at once. */
#define XT_TICK_PEERS	    1024u
#define XT_TICK_INITIATIONS 16u

/* Load (core/load.h). The first cost of a handshake is that of a slow machine. */
#define XT_LOAD_BURST	      XT_SECOND /* work that may be owed */
#define XT_LOAD_PERCENT	      25u	/* percent of the processor that pays for it */
#define XT_LOAD_HOLD	      XT_SECOND /* how long the load lasts after the last cause */
#define XT_LOAD_STAY	      1024  /* messages without a cookie within that time that extend it */
#define XT_HANDSHAKE_COST     XT_MS /* until it is known */
#define XT_HANDSHAKE_COST_MIN (20ull * 1000)
#define XT_HANDSHAKE_COST_MAX (2 * XT_MS)

/* The largest UDP payload over IPv4. */
#define XT_DATAGRAM_MAX 65507u

#endif
