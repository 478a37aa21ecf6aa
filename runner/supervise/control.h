/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - the control socket: local users' requests, answers now or later, notifications.
 * Owns: clients, frames, who may connect.  Must not know: what a method does. */
#ifndef KENNEL_SUPERVISE_CONTROL_H
#define KENNEL_SUPERVISE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/limits.h"

struct supervisor;
struct loop_source;

/* Whom an answer goes to; a client that left is no error. */
struct control_ref {
	uint64_t client; /* 0: nobody */
	json_int_t id;
};

struct control_request {
	struct supervisor *s;
	struct control_ref who;
	const json_t *params; /* an object */
	int fd;		      /* passed along, or -1; taken by setting it -1 */
	json_t *result;	      /* for CONTROL_DONE; taken */
};

/* CONTROL_DONE with q->result, CONTROL_LATER (control_answer follows), or -1 with e. */
enum { CONTROL_DONE = 0, CONTROL_LATER = 1 };
struct control_method {
	const char *name;
	int (*handler)(struct control_request *q, struct err *e);
	const char *help;
};

/* What a client asked for; what it follows it gets as a notification each, until it leaves. */
enum control_follow { FOLLOW_EVENTS = 1, FOLLOW_LOGS = 2 };
struct control_filter {
	unsigned int follow;
	char tenant[NAME_MAX_BYTES]; /* "": all */
	char plugin[NAME_MAX_BYTES];
};

struct control_client {
	struct supervisor *s;
	uint64_t id; /* 0: free */
	struct frame_conn conn;
	struct loop_source *source;
	struct control_filter filter;
};

struct control {
	struct loop_source *source;
	uint64_t last_id;
	struct control_client clients[CONTROL_CLIENTS_MAX];
};

int control_open(struct supervisor *s, struct err *e);
void control_close(struct supervisor *s);

/* All three take result and params, also when nobody listens. */
void control_answer(struct supervisor *s, struct control_ref who, json_t *result);
void control_refuse(struct supervisor *s, struct control_ref who, const struct err *why);
void control_progress(struct supervisor *s, struct control_ref who, json_t *params);
/* To every follower of that kind whose filter fits; item is borrowed. */
void control_publish(struct supervisor *s, enum control_follow kind, const json_t *item);
/* ERR_STATE when the client left. */
bool control_filter_takes(const struct control_filter *f, const char *tenant, const char *plugin);
bool control_filter_takes_item(const struct control_filter *f, const json_t *item);
int control_set_filter(struct supervisor *s, struct control_ref who, const struct control_filter *f,
		       struct err *e);

#endif
