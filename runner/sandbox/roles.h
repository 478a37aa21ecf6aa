/* SPDX-License-Identifier: Apache-2.0 */
/* roles.h - the other processes of Kennel, which the launcher starts.
 * Owns: who they are and what each is given.  Must not know: jails. */
#ifndef KENNEL_SANDBOX_ROLES_H
#define KENNEL_SANDBOX_ROLES_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/record.h"
#include "proto/request.h"

struct launcher;
struct loop_source;

#define LOADERS_MAX 8u /* at once; each is a process of at most 16 MiB */
#define ROLES_MAX (2u + 2u * TENANTS_MAX + LOADERS_MAX)

enum role_kind { ROLE_NONE, ROLE_AUDIT, ROLE_SUPERVISOR, ROLE_BROKER, ROLE_LOADER, ROLE_FETCH };

struct role {
	struct launcher *launcher;
	enum role_kind kind;
	uint32_t tenant; /* ROLE_BROKER, ROLE_FETCH: index in the ceiling */
	pid_t pid;
	int pidfd;
	struct loop_source *source;
};

int roles_read_ceiling(struct launcher *l, struct err *e);
int roles_start_audit(struct launcher *l, struct err *e);
int roles_start_supervisor(struct launcher *l, struct err *e);
int roles_watch(struct launcher *l, struct err *e); /* those started before there was a loop */
int roles_start_broker(struct launcher *l, const char *tenant, int *ret_link, struct err *e);
int roles_start_loader(struct launcher *l, const struct launch_loader *m,
		       const struct record_fds *fds, int *ret_link, struct err *e);
int roles_start_fetch(struct launcher *l, const char *tenant, int *ret_link, struct err *e);
void roles_end(struct launcher *l); /* asks, waits a bounded time, kills */

#endif
