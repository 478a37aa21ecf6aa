/* SPDX-License-Identifier: Apache-2.0 */
/* permits.h - which request is allowed when, and which lies inside the ceiling. Pure: no kernel, no
 * clock. Owns: the state × request tables, the range check of requests.  Must not know: how they
 * are done. */
#ifndef KENNEL_SANDBOX_PERMITS_H
#define KENNEL_SANDBOX_PERMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "proto/request.h"

enum launcher_state { LAUNCHER_SERVING, LAUNCHER_STOPPING, LAUNCHER_STATE_COUNT };
enum instance_state {
	INSTANCE_FREE, /* also: no such instance */
	INSTANCE_RUNNING,
	INSTANCE_FROZEN,
	INSTANCE_ENDING, /* killed, or its init is gone; waiting for the cgroup to become empty */
	INSTANCE_STUCK,	 /* still not empty after the bound; watched on */
	INSTANCE_STATE_COUNT
};

/* Requests that name an instance; all others are the launcher's own. */
bool request_names_instance(uint32_t kind);
/* Anything not in the tables is refused, unknown kinds and states too. */
bool launcher_permits(enum launcher_state state, uint32_t kind);
bool instance_permits(enum instance_state state, uint32_t kind);

/* Is it a whole record with the right number of descriptors and nothing in spare fields? Whoever
 * sends another does not speak this protocol: ERR_PROTOCOL. */
int request_check(const struct launch_msg *m, size_t len_bytes, size_t fd_count, struct err *e);

#define SELFTEST_TENANT "_selftest"
#define COMPILE_TENANT "_compile" /* no tenant's name begins with '_' */

/* May an instance of this tenant (NULL: the compiler) have such a CPU budget? ERR_CEILING. */
int launcher_check_budget(const struct tenant_ceiling *t, uint64_t budget_ms, struct err *e);

/* Inside the ceiling? ERR_CEILING names what is not. ret_tenant is NULL for the compiler, which
 * belongs to no tenant and sees no vault. */
int launcher_check_start(const struct ceiling *c, const struct launch_start *s,
			 const struct tenant_ceiling **ret_tenant, struct err *e);
const struct tenant_ceiling *ceiling_find_tenant(const struct ceiling *c, const char *name);
/* What the configuration says about ids must fit this host's roles: nobody runs as two things. */
int launcher_check_ids(const struct ceiling *c, uint32_t role_uid_base, struct err *e);

#endif
