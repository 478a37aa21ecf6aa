/* SPDX-License-Identifier: Apache-2.0 */
/* methods.h - what the control socket offers; one table, one handler each.
 * Owns: the list.  Must not know: how requests travel. */
#ifndef KENNEL_SUPERVISE_METHODS_H
#define KENNEL_SUPERVISE_METHODS_H

#include "supervise/control.h"
#include "supervise/plugin.h"

const struct control_method *methods_table(size_t *ret_count);

/* methods.c */
int method_text(const struct control_request *q, const char *key, bool required, size_t cap,
		char *ret, struct err *e);
/* What params tenant and plugin leave over; neither: everything. */
int method_filter(const struct control_request *q, struct control_filter *ret, struct err *e);
/* The plugin named by params plugin and tenant. */
int method_plugin(const struct control_request *q, struct plugin **ret, struct err *e);
/* The tenant named by params, or the only one there is. */
int method_tenant(const struct control_request *q, const struct tenant_ceiling **ret,
		  struct err *e);

/* methods_plugin.c */
int method_ps(struct control_request *q, struct err *e);
int method_start(struct control_request *q, struct err *e);
int method_stop(struct control_request *q, struct err *e);
int method_remove(struct control_request *q, struct err *e);
int method_install(struct control_request *q, struct err *e);
int method_scan(struct control_request *q, struct err *e);
/* methods_version.c */
int method_list(struct control_request *q, struct err *e);
int method_pending(struct control_request *q, struct err *e);
int method_rollback(struct control_request *q, struct err *e);
int method_approve(struct control_request *q, struct err *e);
int method_deny(struct control_request *q, struct err *e);
/* methods_store.c */
int method_store_verify(struct control_request *q, struct err *e);
int method_store_gc(struct control_request *q, struct err *e);
/* methods_grant.c */
int method_grant_get(struct control_request *q, struct err *e);
int method_grant_set(struct control_request *q, struct err *e);
int method_explain(struct control_request *q, struct err *e);
/* methods_trust.c */
int method_trust_add(struct control_request *q, struct err *e);
int method_trust_list(struct control_request *q, struct err *e);
int method_trust_revoke(struct control_request *q, struct err *e);
int method_trust_show(struct control_request *q, struct err *e);
/* methods_rotate.c */
int method_trust_rotate(struct control_request *q, struct err *e);
int method_trust_refresh(struct control_request *q, struct err *e);
/* methods_native.c */
int method_native_approve(struct control_request *q, struct err *e);
int method_native_list(struct control_request *q, struct err *e);
int method_native_revoke(struct control_request *q, struct err *e);
/* methods_undo.c */
int method_undo(struct control_request *q, struct err *e);
/* methods_watch.c */
int method_stats(struct control_request *q, struct err *e);
int method_emit(struct control_request *q, struct err *e);
int method_events(struct control_request *q, struct err *e);
int method_logs(struct control_request *q, struct err *e);
int method_refusals(struct control_request *q, struct err *e);
int method_inspect(struct control_request *q, struct err *e);
int method_selftest(struct control_request *q, struct err *e);

#endif
