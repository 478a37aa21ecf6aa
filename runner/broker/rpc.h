/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.h - one JSON-RPC 2.0 message, strictly read and written.
 * Owns: the envelope.  Must not know: methods, sockets. */
#ifndef KENNEL_BROKER_RPC_H
#define KENNEL_BROKER_RPC_H

#include <stdbool.h>

#include "base/json.h"
#include "base/limits.h"

#define RPC_ID_TEXT_MAX 64u

struct rpc_id {
	enum { RPC_ID_NONE, RPC_ID_NUMBER, RPC_ID_TEXT } kind;
	int64_t number;
	char text[RPC_ID_TEXT_MAX + 1];
};

enum rpc_kind { KIND_REQUEST, KIND_NOTIFICATION, KIND_RESULT, KIND_ERROR };

struct rpc_message {
	enum rpc_kind kind;
	struct rpc_id id;
	char method[NAME_MAX_BYTES]; /* cut and made printable: for looking up and showing */
	const json_t *params;	     /* object, or NULL */
	const json_t *result;
	char error_text[TEXT_MAX_BYTES]; /* printable */
	json_t *root;			 /* owns params and result */
};

/* -1: not such a message; that is a violation of the protocol. Free with rpc_message_free_p. */
int rpc_parse(const void *body, size_t n, struct rpc_message *ret, struct err *e);
void rpc_message_free_p(struct rpc_message *m);
/* false: not the value of an id */
bool rpc_id_of(const json_t *value, struct rpc_id *ret);
bool rpc_id_equal(const struct rpc_id *a, const struct rpc_id *b);

/* New envelopes; NULL when memory is out. They take params, result and data, also then. */
json_t *rpc_request(uint64_t id, const char *method, json_t *params);
json_t *rpc_result(const struct rpc_id *id, json_t *result);
/* A piece of an answer that is still to come: $/chunk. A new reference to text is taken. */
json_t *rpc_chunk(const struct rpc_id *id, const json_t *text);
json_t *rpc_error(const struct rpc_id *id, int code, const char *message, json_t *data);

#endif
