/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - the launcher's own state, shared by its files and by nobody else.
 * Owns: its shape.  Must not know: how anything is done. */
#ifndef KENNEL_SANDBOX_HOST_H
#define KENNEL_SANDBOX_HOST_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/loop.h"
#include "base/record.h"
#include "policy/posture.h"
#include "proto/request.h"
#include "proto/selftest.h"
#include "sandbox/cgroup.h"
#include "sandbox/disks.h"
#include "sandbox/guard.h"
#include "sandbox/images.h"
#include "sandbox/jail.h"
#include "sandbox/launcher.h"
#include "sandbox/meter.h"
#include "sandbox/permits.h"
#include "sandbox/roles.h"
#include "sandbox/seed.h"
#include "sandbox/state.h"

#define DISKS_MAX (2u + IMAGE_COUNT + TENANTS_MAX) /* data, store, images, vaults */
#define GROUP_NAME_MAX 24u /* "i" and a 64-bit number */

struct instance {
	struct launcher *launcher;
	enum instance_state state;
	uint64_t id;
	uint32_t image;
	char tenant[NAME_MAX_BYTES]; /* names of its groups */
	char plugin[NAME_MAX_BYTES];
	char group[GROUP_NAME_MAX];
	struct jail jail;
	bool selftest; /* process 1 tries the jail; there is no program */
	int out_fd;    /* IMAGE_COMPILE: given back to the supervisor at the end */
	pid_t pid;
	int pidfd;
	struct loop_source *exit_source;
	int events_fd; /* cgroup.events while ENDING */
	struct loop_source *events_source;
	bool kill_asked;
	bool let_go;	   /* dead, and not held back at disks any more: iolimit.c */
	uint64_t io_bytes; /* the limit there */
	bool untold; /* its start was refused: its end is no news */
	bool reaped;
	int status; /* of waitid: */
	int code;   /* CLD_EXITED ... */
	int64_t ending_ms;
	uint64_t budget_ns; /* CPU time since it was set last; 0: none */
	struct usage usage;
};

struct launcher {
	struct launcher_options options;
	char bin_dir[HOST_PATH_MAX]; /* our executables stand beside each other */
	enum launcher_state state;
	int exit_status;
	struct ceiling ceiling;
	struct role_ids ids;
	struct state_dirs dirs;
	struct cgroup_tree tree;
	struct image images[IMAGE_COUNT];
	int vault_fds[TENANTS_MAX];
	struct disk disks[DISKS_MAX]; /* iolimit.c */
	int dev_fd, proc_fd, run_fd, null_fd, control_fd, ceiling_fd;
	int request_sock;
	int audit_admin;
	uint32_t in_force; /* bits of enum degradation: accepted, and this host needs them */
	struct guard *guard;	/* NULL only with that degradation accepted */
	struct meter *meter;
	struct seed seed;
	struct loop *loop;
	struct loop_source *request_source;
	struct loop_source *tick; /* armed while something is ENDING or the launcher stops */
	int64_t stop_until_ms;
	struct role roles[ROLES_MAX];
	struct instance *instances; /* INSTANCES_MAX, allocated once */
	uint32_t instances_used;    /* slots below it were used at least once */
	uint64_t next_serial;
	bool has_leftovers; /* at boot: groups of an earlier launcher that cannot be emptied */
	struct launch_msg out; /* answers and notices are built here */
};

/* ---- prepare.c: the jail of an instance whose cgroup is open: mounts, labels, limits ---- */
int prepare_jail(struct launcher *l, struct instance *i, const struct launch_start *s,
		 const struct tenant_ceiling *t, struct err *e);

/* ---- instances.c ---- */
int instance_start(struct launcher *l, const struct launch_start *s, const struct tenant_ceiling *t,
		   const struct record_fds *fds, struct instance **ret, struct err *e);
/* The same with nothing but the image in it; nobody is told of its end: the caller brings it. */
int instance_start_selftest(struct launcher *l, const struct launch_start *s,
			    const struct record_fds *fds, struct instance **ret, struct err *e);
void instance_end_selftest(struct instance *i);
struct instance *instance_find(struct launcher *l, uint64_t id); /* NULL: no such instance */
struct instance *instance_of_cgroup(struct launcher *l, uint64_t cgroup);
int instance_kill(struct instance *i, struct err *e);
void instances_kill_all(struct launcher *l);
/* Moves on what is ENDING; how many instances are still there. */
size_t instances_tick(struct launcher *l);
void instances_read_usage(struct launcher *l);

/* ---- inspect.c: what it is now, by the kernel; frozen for that long, if it can be ---- */
int inspect_instance(struct launcher *l, struct instance *i, struct posture *ret, struct err *e);

/* ---- selftest_run.c ---- */
/* Starts jails whose process 1 tries to get out, waits for them (a bounded time) and judges. One
 * that cannot be started, or tells less than all, is an error; what got through is reported. */
int selftest_run(struct launcher *l, struct selftest_report *ret, struct err *e);

/* ---- requests.c ---- */
void requests_on_record(void *launcher, uint32_t events);
void requests_on_refusals(void *launcher, uint32_t events);
void requests_on_budgets(void *launcher, uint32_t events);
void notice_ended(struct launcher *l, const struct instance *i, enum end_cause cause,
		  uint32_t status);
void notice_broker_gone(struct launcher *l, uint32_t tenant);
bool launcher_lacks(const struct launcher *l, enum degradation d); /* and that is accepted */
/* Ends everything; status is what launcher_serve returns. A second call keeps a worse status. */
void launcher_stop(struct launcher *l, int status);

#endif
