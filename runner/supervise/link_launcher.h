/* SPDX-License-Identifier: Apache-2.0 */
/* link_launcher.h - requests to the launcher, its answers and notices.
 * Owns: serials and who waits for which answer.  Must not know: what a request is for. */
#ifndef KENNEL_SUPERVISE_LINK_LAUNCHER_H
#define KENNEL_SUPERVISE_LINK_LAUNCHER_H

#include <stdint.h>

#include "base/err.h"
#include "base/record.h"
#include "proto/request.h"

struct supervisor;
struct loop_source;

#define LAUNCHER_ASKED_MAX 2048u /* answers waited for: one or two an instance */

/* answer->result < 0: answer->u.error. What the callee takes of fds it sets to -1; the rest is
 * closed. */
typedef void (*launcher_answer_fn)(struct supervisor *s, void *arg, const struct launch_msg *answer,
				   struct record_fds *fds);

struct launcher_asked {
	uint64_t serial; /* 0: free */
	launcher_answer_fn fn;
	void *arg;
};

struct launcher_link {
	int fd;
	struct loop_source *source;
	uint64_t serial;
	struct launcher_asked asked[LAUNCHER_ASKED_MAX];
};

int launcher_open(struct supervisor *s, struct err *e);
/* Sends m (kind and u are the caller's); fn is called once, or several times for LAUNCH_USAGE. The
 * descriptors stay the caller's. Never blocks: a full launcher is ERR_FULL. */
int launcher_ask(struct supervisor *s, struct launch_msg *m, const struct record_fds *fds,
		 launcher_answer_fn fn, void *arg, struct err *e);
/* fn is called in the place of whoever waits with that arg. */
void launcher_hand_over(struct supervisor *s, const void *arg, launcher_answer_fn fn);
/* Nobody with that arg is called any more. */
void launcher_forget(struct supervisor *s, const void *arg);

#endif
