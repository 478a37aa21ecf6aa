/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h - one start: decide anew, broker, descriptors, record, launcher, attach.
 * Owns: the order of a start.  Must not know: when to start, what follows an end. */
#ifndef KENNEL_SUPERVISE_LAUNCH_H
#define KENNEL_SUPERVISE_LAUNCH_H

#include "supervise/link_launcher.h"
#include "supervise/plugin.h"

#define LAUNCH_ANSWER_MS 20000u /* the launcher's part of a start; milliseconds on a quiet host */
#define LAUNCH_UP_MS (WIRE_HANDSHAKE_MS + 3000u) /* the broker counts too, and ends first */

/* -1: it will not start; blame is set. 0: launch_go_on or the launcher's answer follows. */
int launch_begin(struct plugin *p, struct err *e);
int launch_go_on(struct plugin *p, struct err *e); /* the broker serves */
/* The record, the descriptors and the request of one start under p->policy; fn gets the launcher's
 * answer. ret_host is the caller's: wire, stdout, stderr. */
int launch_start(struct plugin *p, int ret_host[3], const char *detail, launcher_answer_fn fn,
		 void *arg, struct err *e);
/* Hands an instance's descriptors to the broker, which greets it. */
int launch_attach(struct plugin *p, uint64_t instance, const struct policy *policy, int host[3],
		  bool standby, struct err *e);
/* An instance that is there already becomes the plugin's; that it is up is told by the broker. */
void launch_adopt(struct plugin *p, uint64_t instance, uint64_t cgroup);
/* Best effort, and said when it fails. */
void launch_freeze(struct plugin *p, bool on);
/* Asks for the end of the instance. 1: there is none, nothing will follow. 0: an end follows. */
int launch_kill(struct plugin *p);
void launch_detach(struct plugin *p);
void launch_detach_instance(const struct plugin *p, uint64_t instance);
void launch_drop(struct plugin *p); /* what is held for an instance that is gone */

#endif
