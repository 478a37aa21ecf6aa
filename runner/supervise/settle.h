/* SPDX-License-Identifier: Apache-2.0 */
/* settle.h - an admitted bundle takes effect: log, store, grant, registry; in that order.
 * Owns: what a crash in between leaves.  Must not know: how it was verified. */
#ifndef KENNEL_SUPERVISE_SETTLE_H
#define KENNEL_SUPERVISE_SETTLE_H

#include "supervise/admit.h"
#include "supervise/plugin.h"

/* One version of one plugin that becomes the current one. */
struct settled {
	const struct tenant_ceiling *tenant;
	const struct install_info *info;
	const struct manifest *manifest;
	const struct grant *grant; /* NULL: what is on file stays */
	bool back; /* a rollback: what waits goes on waiting, what is off stays off */
};
/* It lies in the store, and is on record. */
int settle_switch(struct supervisor *s, const struct settled *w, struct err *e);
/* It is stored, and waits: always -1, with ERR_PENDING when all went well. */
int settle_pending(struct admit_job *j, struct err *e);

/* ret_result: what the caller is told beside the plugin's state. */
int settle_install(struct admit_job *j, struct plugin **ret, json_t **ret_result, struct err *e);
/* The new version runs from here on; one that ran is stopped first. */
void settle_start(struct plugin *p);

#endif
