/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.h - what nothing refers to goes: versions beyond those kept, leftovers of a crash.
 * Owns: what is a leftover.  Must not know: why a version is kept. */
#ifndef KENNEL_SUPERVISE_SWEEP_H
#define KENNEL_SUPERVISE_SWEEP_H

#include <stdint.h>

#include "base/err.h"

struct supervisor;

struct sweep_report {
	uint32_t versions;
	uint32_t plugins; /* folders of plugins of which nothing is installed */
	uint32_t staged;
	uint32_t links; /* "current" that pointed elsewhere */
};

/* Of one plugin. A version that still runs stays until it has ended. report is added to. */
int sweep_plugin(struct supervisor *s, const char *plugin, struct sweep_report *report,
		 struct err *e);
/* Of all of them, and of staging. */
int sweep_all(struct supervisor *s, struct sweep_report *report, struct err *e);

#endif
