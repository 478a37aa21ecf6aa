/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c - every decision of the gate, put on record through the audit writer. */
#include "broker/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

void subject_init(struct subject *s, uint64_t id, const struct policy *policy, int64_t now_ms)
{
	uint64_t rate = policy->limits.calls_per_second;

	*s = (struct subject){ .id = id, .policy = *policy };
	bucket_init(&s->calls, rate, 2 * rate, now_ms);
	bucket_init(&s->written, WRITE_BYTES_PER_SECOND, WRITE_BYTES_BURST, now_ms);
	bucket_init(&s->denials, DENIALS_PER_SECOND, DENIALS_BURST, now_ms);
}

/* Texts of records are cut, never refused: a long one must not make a decision unrecordable. */
static void put(char *dst, size_t cap, const char *src)
{
	size_t n = src ? strnlen(src, cap - 1) : 0;

	while (src && n > 0 && src[n] && (src[n] & 0xc0) == 0x80)
		n--; /* not in the middle of a character */
	if (n)
		memcpy(dst, src, n);
	dst[n] = '\0';
}

int ledger_write(const struct ledger *l, const struct subject *who, const struct entry *entry,
		 struct err *e)
{
	CLEANUP(free_p) struct audit_record *r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(e, ERR_AUDIT, "no memory for the audit record; nothing was done");
	r->class = entry->class;
	r->count = entry->count;
	put(r->tenant, sizeof(r->tenant), l->tenant);
	put(r->event, sizeof(r->event), entry->event);
	put(r->plugin, sizeof(r->plugin), who->policy.plugin);
	hex_encode(who->policy.bundle_id, sizeof(who->policy.bundle_id), r->bundle);
	(void)snprintf(r->instance, sizeof(r->instance), "%llu", (unsigned long long)who->id);
	put(r->method, sizeof(r->method), entry->method);
	put(r->cap, sizeof(r->cap), entry->cap);
	put(r->object, sizeof(r->object), entry->object);
	put(r->result, sizeof(r->result), entry->result ? entry->result : "allow");
	put(r->detail, sizeof(r->detail), entry->detail);
	return audit_write(l->sock, r, e);
}

static void hold(struct subject *who, const struct entry *entry, int64_t now_ms)
{
	if (who->held.count == 0)
		who->held.since_ms = now_ms;
	who->held.count++;
	put(who->held.method, sizeof(who->held.method), entry->method);
	put(who->held.result, sizeof(who->held.result), entry->result);
}

void ledger_deny(const struct ledger *l, struct subject *who, const struct entry *entry,
		 int64_t now_ms)
{
	who->refused++;
	ledger_flush(l, who, false, now_ms);
	if (!bucket_take(&who->denials, 1, now_ms) || ledger_write(l, who, entry, NULL) < 0)
		hold(who, entry, now_ms);
}

void ledger_flush(const struct ledger *l, struct subject *who, bool now, int64_t now_ms)
{
	struct entry all = { .class = AUDIT_SOON,
			     .event = "deny",
			     .method = who->held.method,
			     .result = who->held.result,
			     .count = who->held.count,
			     .detail = "refusals in one second, counted; the last one is named" };

	if (who->held.count == 0 ||
	    (!now && now_ms - who->held.since_ms < (int64_t)DENIALS_HOLD_MS))
		return;
	who->held.since_ms = now_ms;
	if (ledger_write(l, who, &all, NULL) == 0)
		who->held.count = 0;
}
