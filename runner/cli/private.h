/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - a kenneld of one's own for one run: the same programs, an own state, gone afterwards.
 * Owns: its folders and its process.  Must not know: what it is used for. */
#ifndef KENNEL_CLI_PRIVATE_H
#define KENNEL_CLI_PRIVATE_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/sibling.h"

enum { PRIVATE_PATH_MAX = 512 };

struct private_host {
	char dir[PRIVATE_PATH_MAX]; /* "": not made */
	char run[PRIVATE_PATH_MAX];
	char bpffs[PRIVATE_PATH_MAX];
	char cgroup[64]; /* below /sys/fs/cgroup */
	struct sibling daemon;
};

struct private_options {
	const char *vault;
	const char *images; /* NULL: beside the programs */
	const char *base;   /* folder for the state; NULL: /var/tmp */
};

/* Started and answering. Refuses a vault of root, and a caller who is not root. */
int private_start(const struct private_options *o, struct private_host *ret, struct err *e);
/* Ended, and every trace of it removed. Takes a half-started one. */
void private_stop(struct private_host *h);
/* What kenneld wrote, for people, when it did not start. */
void private_print_log(const struct private_host *h);

#endif
