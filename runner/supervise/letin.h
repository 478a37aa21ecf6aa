/* SPDX-License-Identifier: Apache-2.0 */
/* letin.h - a version that lies in the store becomes the current one: what waits, by a person or
 * when it is old enough; or one that was installed before.
 * Owns: what is asked again then.  Must not know: who asks, how it came into the store. */
#ifndef KENNEL_SUPERVISE_LETIN_H
#define KENNEL_SUPERVISE_LETIN_H

#include <stdint.h>

#include "base/err.h"
#include "supervise/settle.h"
#include "supervise/waiting.h"

struct supervisor;

/* Everything that an installation (w->back: a launch) would ask. */
int letin_check(const struct plugin *p, const struct settled *w, const struct grant *grant,
		struct err *e);
/* On record already. It runs from here on, when its plugin is on. */
int letin_switch(struct plugin *p, const struct settled *w, struct err *e);

struct letin {
	struct plugin *plugin;
	const struct waiting *waiting;
	const struct grant *grant; /* under which it runs then */
	const char *event;	   /* for the record: who let it in */
};
/* What waits: asked again, put on record, switched to. */
int letin_waiting(const struct letin *l, struct err *e);

/* What waits for nothing but its age is let in once it has it. */
#define LETIN_EVERY_MS 60000
void letin_on_time(struct supervisor *s, int64_t now_ms);

#endif
