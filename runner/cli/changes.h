/* SPDX-License-Identifier: Apache-2.0 */
/* changes.h - what a plugin changed, as the audit log has it, and what putting it back means.
 * Owns: the list, and which changes hang together.  Must not know: how a note is written. */
#ifndef KENNEL_CLI_CHANGES_H
#define KENNEL_CLI_CHANGES_H

#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"

#define CHANGES_MAX 1000000u

/* One change that stands: not undone yet. */
struct change {
	char note[VAULT_PATH_MAX];
	char from[DIGEST_HEX_BYTES];
	char to[DIGEST_HEX_BYTES];
	char when[32]; /* as in the log: 2026-11-27T10:11:12.123456Z */
};

/* What putting one note back means: from the text of the last change to that before the first one
 * that hangs together with it. */
struct undo_step {
	const struct change *first, *last;
	size_t changes; /* that are put back */
	size_t kept;	/* earlier ones, with another's edit in between */
};

struct changes {
	struct change *list; /* oldest first */
	size_t count, cap;
	size_t nameless;       /* changes whose note's name is too long for the record */
	struct undo_step *steps; /* by note */
	size_t step_count;
};

/* One line of the log; what is not a change of the plugin since then is passed over. since sorts
 * like the log's times. ERR_LIMIT: more than CHANGES_MAX. */
struct changes_of {
	const char *plugin;
	const char *since;
	struct changes *all;
};
int changes_take(void *changes_of, const char *line, struct err *e);
/* After the last line. */
int changes_plan(struct changes *c, struct err *e);
void changes_free_p(struct changes *c);

/* "10m" "2h" "7d" before now, "2026-11-27", "2026-11-27 10:00", "2026-11-27T10:00:00Z" (all UTC).
 * ret sorts like the log's times. ERR_USAGE. */
int changes_since(const char *text, long long now_s, char ret[32], struct err *e);

#endif
