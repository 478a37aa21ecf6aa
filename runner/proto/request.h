/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - supervisor to launcher and back: fixed-size records, nothing to parse.
 * Owns: layout and which request the launcher knows.  Must not know: why it is asked.
 *
 * The supervisor finds the socket at REQUEST_FD. Every request has exactly one answer with the same
 * serial. Notices (kind LAUNCH_NOTICE_*) come at any time with serial 0. The launcher refuses
 * whatever is outside its ceiling (ERR_CEILING) and ends the supervisor for a malformed record. */
#ifndef KENNEL_PROTO_REQUEST_H
#define KENNEL_PROTO_REQUEST_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "bpf/abi.h"
#include "policy/policy.h"
#include "policy/posture.h"
#include "proto/launch_start.h"
#include "proto/selftest.h"

#define REQUEST_ABI 5u

/* Descriptors the launcher gives kennel-supervisor. */
enum supervisor_fd {
	REQUEST_FD = 3,	       /* record socket to the launcher */
	SUPERVISOR_AUDIT_FD,   /* record socket to kennel-audit (proto/audit_link.h) */
	SUPERVISOR_STATE_FD,   /* STATE/supervisor, owned by _kennel */
	SUPERVISOR_CONTROL_FD, /* listening unix socket of the command line */
	SUPERVISOR_CEILING_FD, /* memfd, sealed: struct ceiling */
	SUPERVISOR_FD_COUNT
};

enum launch_kind {
	LAUNCH_LOADER = 1, /* u.loader; fds in: bundle, staging (to unpack), trust; out: records */
	LAUNCH_BROKER, /* u.broker; fd out: record socket (proto/broker_link.h); one per tenant */
	LAUNCH_START,  /* u.start; fds in: wire (plugin end), stdout, stderr (IMAGE_COMPILE: stdout,
			* stderr);  pipes or sockets only; answer: instance id, cgroup */
	LAUNCH_KILL,   /* u.instance; answer at once, LAUNCH_NOTICE_ENDED when it is gone */
	LAUNCH_FREEZE, /* u.instance */
	LAUNCH_THAW,   /* u.instance */
	LAUNCH_USAGE,  /* u.instance.id 0: all; answers one record each, the last has more = 0 */
	LAUNCH_SHUTDOWN, /* kill everything, then end */
	LAUNCH_BUDGET,	 /* u.budget: budget_ms of CPU time, counted from now */
	LAUNCH_INSPECT,	 /* u.instance; answers u.posture, a part each; the last has more = 0 */
	LAUNCH_SELFTEST, /* answer: u.selftest, whatever got through */
	LAUNCH_FETCH,	 /* u.broker; fd out: stream socket (proto/fetch_link.h); one per tenant */
	LAUNCH_KIND_COUNT,

	LAUNCH_NOTICE_ENDED = 64, /* u.ended: cgroup empty, reaped, removed */
	LAUNCH_NOTICE_REFUSAL,
	/* u.refusal: of the guard (may be lost; counters are not) */
	LAUNCH_NOTICE_BUDGET,	   /* u.budget: it is spent; once for each budget */
	LAUNCH_NOTICE_BROKER_GONE, /* u.broker */
};

enum launch_loader_job {
	LAUNCH_JOB_UNPACK = 1,
	LAUNCH_JOB_VERIFY,
	LAUNCH_JOB_SHOW,
	LAUNCH_JOB_ROTATE,
	LAUNCH_JOB_REVOCATIONS, /* as verify, of a statement */
};

struct launch_loader {
	uint32_t job; /* enum launch_loader_job */
	uint32_t reserved;
	int64_t not_before_s; /* a clock that says less is wrong */
};

struct launch_broker {
	char tenant[NAME_MAX_BYTES];
};

struct launch_instance {
	uint64_t id;
};

struct launch_budget {
	uint64_t id; /* first, as in struct launch_instance */
	uint64_t budget_ms;
	uint64_t used_ms; /* notice: since the budget was set */
};

struct launch_started {
	uint64_t id;
	uint64_t cgroup;   /* kernfs id: the name of this instance in usage and refusals */
	uint32_t start_us; /* from request to exec let go */
	uint32_t stuck;	   /* 1: nothing was started; id is one of before that does not end */
};

enum end_cause { END_EXIT = 1, END_SIGNAL, END_OOM, END_KILLED, END_SETUP };

struct launch_ended {
	uint64_t id;
	uint32_t cause;	 /* enum end_cause */
	uint32_t status; /* exit status or signal number */
	struct usage usage;
};

struct launch_usage {
	uint64_t id;
	uint32_t more;
	uint32_t reserved;
	struct usage usage;
};

enum launch_posture_part { POSTURE_HEAD = 1, POSTURE_PROCESS, POSTURE_MOUNT, POSTURE_LABEL };
struct launch_posture {
	uint32_t part; /* enum launch_posture_part */
	uint32_t more;
	union {
		struct posture_head head;
		struct posture_process process;
		struct posture_mount mount;
		struct posture_label label;
	} u;
};

struct launch_refusal {
	uint64_t id;
	struct refusal refusal; /* bpf/abi.h */
	uint32_t place_len; /* so much of path is the labelled folder that decided; 0: there is none
			     */
	uint32_t reserved;
	char path[256]; /* as the plugin sees it; only the folder where the file cannot be named */
};

struct launch_msg {
	uint32_t abi;
	uint32_t kind; /* enum launch_kind */
	uint64_t serial;
	int32_t result; /* answers: 0, or -1 with error set */
	uint32_t reserved;
	union {
		struct launch_loader loader;
		struct launch_broker broker;
		struct launch_start start;
		struct launch_instance instance;
		struct launch_budget budget;
		struct launch_started started;
		struct launch_ended ended;
		struct launch_usage usage;
		struct launch_refusal refusal;
		struct launch_posture posture;
		struct selftest_report selftest;
		struct err error;
	} u;
};

#endif
