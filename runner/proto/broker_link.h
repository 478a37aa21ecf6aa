/* SPDX-License-Identifier: Apache-2.0 */
/* broker_link.h - supervisor and broker: fixed-size records over the socket at BROKER_LINK_FD.
 * Owns: layout.  Must not know: the gate, events. */
#ifndef KENNEL_PROTO_BROKER_LINK_H
#define KENNEL_PROTO_BROKER_LINK_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "policy/policy.h"
#include "proto/broker_ask.h"

#define BROKER_ABI 3u

/* Descriptors the launcher gives kennel-broker. argv: kennel-broker --tenant NAME */
enum broker_fd {
	BROKER_LINK_FD = 3,  /* record socket to the supervisor */
	BROKER_AUDIT_FD,     /* record socket to kennel-audit */
	BROKER_VAULT_FD,     /* the tenant's vault, O_DIRECTORY */
	BROKER_STATE_FD, /* STATE/broker/TENANT, owned by the tenant's uid: prior revisions, index
			  */
	BROKER_FD_COUNT
};

enum broker_kind {
	/* supervisor to broker */
	BROKER_ATTACH = 1, /* u.attach; fds: wire (host end), stdout read end, stderr read end */
	BROKER_DETACH,	   /* u.instance; answered by its last BROKER_PLUGIN_STATS, more = 1 */
	BROKER_EMIT,	   /* u.emit: for one plugin or all; answered by BROKER_EMITTED */
	BROKER_STATS,	   /* answered by one BROKER_PLUGIN_STATS each, the last has more = 0 */
	BROKER_UNDO,	   /* u.undo; answered by BROKER_DONE */
	BROKER_DIALOG_ANSWER, /* u.dialog_answer; answered by BROKER_DONE */
	BROKER_MODELS,	      /* u.models: once, before the first plugin; absent: there are none */
	BROKER_MODEL_WAY, /* u.model_way; fd: stream socket to kennel-fetch, unless error is set */
	BROKER_PROMOTE, /* u.instance: one that stands by takes events now; answered by BROKER_UP */
	/* broker to supervisor */
	BROKER_READY = 64,  /* once: vault opened, watches set */
	BROKER_UP,	    /* u.instance: initialize answered in time */
	BROKER_VIOLATION,   /* u.fault: broke the protocol; kill it */
	BROKER_EVENT_DONE, /* u.event: handler answered (result 0) or failed (error name in text) */
	BROKER_EVENT_LATE,  /* u.event: deadline passed; kill it */
	BROKER_EMITTED,	    /* u.emitted */
	BROKER_PLUGIN_STATS, /* u.stats */
	BROKER_LOG,    /* u.log: one line of the plugin's stdout, stderr or log.write, printable */
	BROKER_WANTED,	    /* u.event: an event waits for a plugin that is not attached */
	BROKER_DONE,	    /* u.done */
	BROKER_DIALOG,	    /* u.dialog: a plugin asks a person */
	BROKER_DIALOG_END,  /* u.instance: the dialog of that id waits no more */
	BROKER_MODEL_WANTED, /* answered by BROKER_MODEL_WAY */
	BROKER_QUIET, /* u.instance: without work for as long as its policy's freeze_after_ms */
	BROKER_WORK,  /* u.instance: and no more */
};

struct broker_attach {
	uint64_t id; /* instance */
	uint32_t standby; /* 1: it is greeted, then neither read nor told, until BROKER_PROMOTE */
	uint32_t reserved;
	struct policy policy;
};

struct broker_instance {
	uint64_t id;
};

struct broker_fault {
	uint64_t id;
	struct err error;
};

struct broker_emit {
	uint64_t serial;
	uint32_t event;		     /* enum event_type */
	uint32_t reserved;
	char plugin[NAME_MAX_BYTES]; /* "": every plugin that takes it */
	char note[VAULT_PATH_MAX];   /* for onNoteSave */
	char text[TEXT_MAX_BYTES];   /* for onCommandPalette: the command */
};

struct broker_emitted {
	uint64_t serial;
	uint32_t queued; /* plugins it waits for or was sent to */
	uint32_t reserved;
	struct err error;
};

struct broker_event {
	uint64_t id;
	uint64_t event_id;
	uint32_t event; /* enum event_type */
	int32_t result;
	uint32_t duration_us;
	uint32_t reserved;
	char plugin[NAME_MAX_BYTES];
	char note[VAULT_PATH_MAX];
	char text[EVENT_RESULT_MAX];
};

struct broker_stats {
	uint64_t id;
	uint32_t more;
	uint32_t up;
	uint64_t calls;	   /* allowed */
	uint64_t refused;  /* by the gate */
	uint64_t events;   /* delivered and answered */
	uint64_t failed;   /* events that failed or were late */
	uint64_t queued;   /* events waiting now */
	uint64_t log_lines;
	uint64_t log_dropped_bytes;
};

struct broker_log {
	uint64_t id;
	uint32_t stream; /* 1 stdout, 2 stderr, 3 log.write */
	uint32_t level;	 /* 0 error .. 3 debug, for log.write */
	char line[LOG_LINE_MAX];
};

struct broker_msg {
	uint32_t abi;
	uint32_t kind;
	union {
		struct broker_attach attach;
		struct broker_instance instance;
		struct broker_fault fault;
		struct broker_emit emit;
		struct broker_emitted emitted;
		struct broker_event event;
		struct broker_stats stats;
		struct broker_log log;
		struct broker_undo undo;
		struct broker_dialog dialog;
		struct broker_dialog_answer dialog_answer;
		struct broker_done done;
		struct broker_models models;
		struct broker_model_way model_way;
	} u;
};

uint32_t broker_msg_size(uint32_t kind); /* as loader_msg_size */

#endif
