/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - the command line and host applications to the supervisor: JSON-RPC 2.0 with frames
 * (base/frame.h) on the unix socket CONTROL_SOCKET below the run folder.
 * Owns: method names and the client.  Must not know: what they do.
 *
 * A long method may send notifications {"method":"progress","params":{...}} before its answer. A
 * file is passed as a descriptor beside the frame's first bytes. Errors: {"code":1,"message":TEXT,
 * "data":{"name":"E_…"}}. Who may call is decided by SO_PEERCRED: root and the supervisor's own
 * uid. */
#ifndef KENNEL_PROTO_CONTROL_H
#define KENNEL_PROTO_CONTROL_H

#include "base/json.h"

#define CONTROL_SOCKET "control.sock"
#define CONTROL_RUN_DIR "/run/kennel" /* default; $KENNEL_RUN or --run changes it */

/* ps, stats, stop, start, install, remove, scan_plugins, emit, trust.add, trust.list, grant.set,
 * grant.get, explain, events (follow), logs (follow), shutdown, ping */

/* Connects, sends one request (with a descriptor, or -1), hands each notification to on_progress
 * (may be NULL), returns the result. An error answer becomes err with the code of its E_ name.
 * ret_result is the caller's (json_decref_p). */
typedef void (*control_progress_fn)(void *arg, const json_t *params);
struct control_call {
	const char *run_dir;
	const char *method;
	json_t *params; /* borrowed; NULL: {} */
	int fd;		/* -1: none */
	control_progress_fn on_progress;
	void *arg;
};
int control_call(const struct control_call *c, json_t **ret_result, struct err *e);

#endif
