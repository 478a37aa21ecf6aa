/* SPDX-License-Identifier: Apache-2.0 */
/* launcher.h - kenneld: boots, serves requests inside its ceiling, ends without remains.
 * Owns: the order of boot and end.  Must not know: bundles, manifests, why it is asked. */
#ifndef KENNEL_SANDBOX_LAUNCHER_H
#define KENNEL_SANDBOX_LAUNCHER_H

#include <stdint.h>

#include "base/err.h"
#include "base/log.h"

struct launcher;

struct launcher_options {
	const char *config;  /* root-owned file */
	const char *run_dir; /* absolute */
	const char *bpffs;   /* folder for the pins, on bpffs */
	uint32_t role_uid_base;
	/* For the operator; e may be NULL. The only way anything here is said. */
	void (*note)(enum log_level level, const char *msg, const struct err *e);
};

/* Everything up to a confined launcher with its roles running; needs root. What the host cannot do
 * is refused unless the configuration accepts it by name, and then noted. Takes a second or two. */
int launcher_boot(const struct launcher_options *o, struct launcher **ret, struct err *e);
/* Until SIGTERM, SIGINT, a shutdown request, or the end of a role that must not end. Plugins are
 * ended before it returns. The exit status: 0, or 125; -1 when waiting itself failed. */
int launcher_serve(struct launcher *l, struct err *e);
/* Ends what still runs; takes NULL and half-booted ones. */
void launcher_free_p(struct launcher **l);

#endif
