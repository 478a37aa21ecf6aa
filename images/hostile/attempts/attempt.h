/* SPDX-License-Identifier: Apache-2.0 */
/* attempt.h - one way out, and what it answers to.
 * Owns: the shape of a row.  Must not know: which layers stand in the way. */
#ifndef HOSTILE_ATTEMPT_H
#define HOSTILE_ATTEMPT_H

#include <stddef.h>

#define countof(a) (sizeof(a) / sizeof((a)[0]))

/* run: 0 or more went through, -1 with errno was refused. Each runs in a child of its own.
 * rows: what of tests/escape/reference it tries, words with blanks between.
 * no_control: why it is not tried with all layers off; NULL: it is, and must go through there. */
struct attempt {
	const char *name;
	const char *rows;
	long (*run)(void);
	const char *no_control;
};

struct family {
	const char *name;
	const struct attempt *list;
	size_t count;
};

#define FAMILY(title)                                                        \
	const struct family family_##title = { #title, list, countof(list) }
extern const struct family family_file, family_path, family_code, family_task, family_kernel,
	family_mount, family_net, family_limits, family_cve;

/* Why some are not tried on the machine itself. */
#define ENDS_MACHINE "it would end or change the test machine"
#define NEEDS_JAIL   "what it asks for exists only in a jail"
#define NEEDS_SETUP \
	"it needs a runner that resolves names of the plugin's while it prepares the jail"

/* ---- what several families use ---- */
#define NOTE "/vault/Projects/a.md"
#define OWN_PROGRAM "/plugin/plugin"
#define OWN_MANIFEST "/plugin/manifest.json"

/* open(2) and, for reading, one byte of it. */
long try_open(const char *path, int flags);
/* Makes /data/NAME with a few bytes; its descriptor, or -1. */
int own_file(const char *path);
/* In a child: runs the file; 0 when it did. */
long try_exec(const char *path, int fd);
#define EXECUTED 77 /* what a copy of this program ends with */

#endif
