/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - the only place where a plugin's call is allowed or refused.
 * Owns: the order known, size, permission, scope, rate, quota; then audit; then effect.
 * Must not know: what a call does, sockets. */
#ifndef KENNEL_BROKER_GATE_H
#define KENNEL_BROKER_GATE_H

#include <stdbool.h>

#include "broker/cursor.h"
#include "broker/history.h"
#include "broker/kv.h"
#include "broker/ledger.h"
#include "broker/models.h"
#include "broker/rpc.h"
#include "broker/vault.h"
#include "broker/waits.h"
#include "proto/hostapi.h"

#define NO_PERMISSION PERM_COUNT /* a call that every plugin may make */

enum verdict {
	VERDICT_OK,
	VERDICT_UNKNOWN,
	VERDICT_TOO_LARGE,
	VERDICT_NO_PERMISSION,
	VERDICT_BAD_PARAMS,
	VERDICT_OUT_OF_SCOPE,
	VERDICT_RATE,
	VERDICT_QUOTA,
	VERDICT_COUNT
};

/* What effects may touch. */
struct host {
	struct vault *vault;
	struct history history;
	struct kv kv;
	struct ledger ledger;
	struct cursor_key cursor_key;
	struct waits dialogs;
	struct models models;
};

/* Zeroed, with the bounds of what can wait. */
void host_init(struct host *h);

/* Why a call was refused, by the gate or by its handler. */
struct refusal {
	int code;	       /* enum rpc_error */
	const char *kind;      /* stable word for data.kind */
	const char *audit;     /* stable name for the record */
	char text[512];
	char permission[NAME_MAX_BYTES];
	char grant[VAULT_PATH_MAX + 256];
	uint32_t retry_after_ms;
	char revision[DIGEST_HEX_BYTES]; /* of a conflict: the current one */
};

struct call;
/* 0, or -1 with the refusal filled (call_refuse). */
typedef int (*call_fn)(struct call *c);

enum recording { RECORD_NOTHING, RECORD_USE, RECORD_INTENT };

struct call_row {
	const char *name;
	const char *alias; /* from the specification, or NULL */
	enum permission permission;
	enum permission_class class;
	size_t request_max; /* bytes of the whole message */
	enum recording recording;
	bool scoped;	 /* params.note is a path, and must lie in the permission's scope */
	call_fn prepare; /* works out the result; changes nothing */
	call_fn commit;	 /* the effect, only for RECORD_INTENT, after the record */
};

struct call {
	struct host *host;
	struct subject *who;
	const struct call_row *row;
	const json_t *params;
	struct rpc_id id;
	char note[VAULT_PATH_MAX]; /* params.note when scoped */
	json_t *result;
	struct refusal refusal;
	char detail[AUDIT_FIELD_MAX];
	bool changes; /* prepare found something for commit to do */
	bool later;   /* the answer comes when somebody has given it */
	void *plan;   /* from prepare to commit */
	void (*plan_free)(void *plan);
	int64_t now_ms;
};

const struct call_row *gate_find(const char *method);
size_t gate_row_count(void);
const struct call_row *gate_row(size_t i);
const char *verdict_name(enum verdict v);

/* The decision alone: no effect but tokens taken. note is filled for scoped rows. */
enum verdict gate_decide(struct subject *who, const struct rpc_message *m, size_t len,
			 int64_t now_ms, char ret_note[VAULT_PATH_MAX]);
/* For what one call touches beyond its params.note: link targets, rows of a list. */
bool gate_permits(const struct subject *who, enum permission perm, const char *path);

/* The whole way of a call. The answer to send, NULL for a notification, without memory, or where it
 * comes later, which *ret_later then says; the caller owns it. */
json_t *gate_run(struct host *host, struct subject *who, const struct rpc_message *m, size_t len,
		 int64_t now_ms, bool *ret_later);

/* For handlers: returns -1. */
int call_refuse(struct call *c, int code, const char *kind, const char *audit, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Fills permission and grant of the refusal: the line that would allow perm on path (may be ""). */
void refusal_teach(struct refusal *r, const struct subject *who, enum permission perm,
		   const char *path);

#endif
