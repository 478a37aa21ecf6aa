/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.h - JSON-RPC on the wire, seen from the plugin's side.
 * Owns: frames on WIRE_FD, ids of our calls, requests that wait while a call is open.
 * Must not know: the runtime. */
#ifndef KENNEL_WIRE_RPC_H
#define KENNEL_WIRE_RPC_H

#include "base/json.h"
#include "proto/hostapi.h"

struct rpc_request {
	json_t *id;	    /* owned */
	json_t *params;	    /* owned; an object, perhaps empty */
	char method[64];
};

void rpc_request_free_p(struct rpc_request *q);

/* The next request for the plugin, waiting for it; what can be answered here ($/ping) is. 1, or 0
 * when the host has closed the wire or said $/shutdown; -1: the wire is broken. */
int rpc_next(struct rpc_request *ret_request, struct err *e);

/* One call to the host; waits for its answer. {"result":…} or {"error":…}, also when the call could
 * not be made at all. NULL: the wire is gone. params is taken. */
json_t *rpc_call(const char *method, json_t *params);

/* The same without waiting: the call's id (> 0), or -1: it was not made, and rpc_not_sent
 * is what its caller is told (NULL: the wire is gone). params is taken. Answers come by rpc_poll.
 */
json_int_t rpc_send(const char *method, json_t *params, struct err *e);
json_t *rpc_not_sent(const struct err *e);
/* The answer to that call is wanted no more; it still comes, sooner. */
int rpc_withdraw(json_int_t id, struct err *e);

enum rpc_kind { RPC_NOTHING, RPC_REQUEST, RPC_ANSWER, RPC_CHUNK, RPC_CANCELLED, RPC_CLOSED };
struct rpc_news {
	enum rpc_kind kind;
	struct rpc_request request; /* RPC_REQUEST: owned */
	json_int_t id;		    /* RPC_ANSWER: of our call */
	json_t *answer;		    /* owned; {"result":…} or {"error":…}, or $/chunk's params */
};

/* What the host says next, within timeout_ms (-1: for ever). A request is handed out only if the
 * caller can take one; else it stays in the line. RPC_CANCELLED: the current request. */
int rpc_poll(int timeout_ms, bool takes_request, struct rpc_news *ret, struct err *e);

int rpc_reply_result(const struct rpc_request *q, json_t *result, struct err *e); /* takes result */
int rpc_reply_error(const struct rpc_request *q, json_t *error, struct err *e);	  /* takes error */

/* {"code":…,"message":…,"data":{"kind":…}}; the message is made valid UTF-8. */
json_t *rpc_error(int code, const char *kind, const char *message, size_t n);

/* The request that is being worked on, for $/cancel; NULL: none. */
void rpc_set_current(const struct rpc_request *q);

#endif
