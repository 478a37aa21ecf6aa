/* SPDX-License-Identifier: Apache-2.0 */
/* uplink.h - the broker's side of its socket to the supervisor.
 * Owns: the queue of records that wait to be taken.  Must not know: what records mean. */
#ifndef KENNEL_BROKER_UPLINK_H
#define KENNEL_BROKER_UPLINK_H

#include "base/loop.h"
#include "base/record.h"
#include "proto/broker_link.h"

#define UPLINK_QUEUE_MAX 4096u	   /* records; a supervisor that takes none of them is gone */
#define UPLINK_LOG_QUEUE_MAX 256u  /* log lines give way earlier */

/* The record has its kind's size; its content is not checked. Descriptors are the callee's. */
typedef void (*uplink_fn)(void *arg, const struct broker_msg *m, struct record_fds *fds);

struct uplink_record;
struct uplink {
	int fd;
	struct loop *loop;
	struct loop_source *source;
	uplink_fn take;
	void *arg;
	struct uplink_record *first, *last;
	size_t queued;
	struct err failed; /* why the loop was stopped; ERR_OK: the supervisor closed */
};

/* The loop is stopped when the supervisor is gone (status 0) or does not follow the protocol
 * (status 1). */
int uplink_open(struct uplink *u, struct loop *loop, int fd, uplink_fn take, void *arg,
		struct err *e);
void uplink_close_p(struct uplink *u);
/* kind and u are set by the caller, abi here. Never blocks. */
void uplink_send(struct uplink *u, struct broker_msg *m);
/* The same for a log line; false: it was not taken. */
bool uplink_send_log(struct uplink *u, struct broker_msg *m);

#endif
