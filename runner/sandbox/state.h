/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - the folders of STATE and RUN, each with the one owner it must have.
 * Owns: making and opening them, the control socket.  Must not know: what is kept in them. */
#ifndef KENNEL_SANDBOX_STATE_H
#define KENNEL_SANDBOX_STATE_H

#include <sys/types.h>

#include "base/err.h"
#include "policy/policy.h"

/* Ids of our own roles: uid and gid alike. */
struct role_ids {
	uid_t supervisor;
	uid_t store;
	uid_t audit;
	uid_t fetch;
};
struct role_ids role_ids_from(uid_t base);

struct state_dirs {
	int state_fd;
	int supervisor_fd;
	int audit_fd;
	int broker_fd;
	int data_fd;
};

/* Made when absent; a folder with another owner, or open to others, is ERR_CONFIG. */
int state_open(const struct ceiling *c, const struct role_ids *ids, struct state_dirs *ret,
	       struct err *e);
void state_close(struct state_dirs *d);
int state_open_broker(const struct state_dirs *d, const struct tenant_ceiling *t, struct err *e);
/* DATA/TENANT/PLUGIN for this uid; one that belongs to another uid is ERR_CEILING. */
int state_open_data(const struct state_dirs *d, const char *tenant, const char *plugin, uid_t uid,
		    struct err *e);
/* The vault folder: must exist and belong to the tenant's uid. */
int state_open_vault(const struct tenant_ceiling *t, struct err *e);
/* Everything below and at dir_fd gets this owner; links are not followed. */
int state_give_tree(int dir_fd, uid_t uid, gid_t gid, struct err *e);

/* The working directory of the launcher: jails are assembled over RUN/jail, devices stand at
 * RUN/dev. */
#define RUN_JAIL "jail"
#define RUN_DEV "dev"
int state_open_run(const char *path, struct err *e);
/* Bound, 0660 root:gid, listening. */
int state_listen(int run_fd, const char *run_path, gid_t gid, struct err *e);

#endif
