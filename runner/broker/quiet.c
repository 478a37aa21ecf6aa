/* SPDX-License-Identifier: Apache-2.0 */
/* quiet.c - when an instance has no work, and when it has some again.
 * tests: tests/vm/idle.sh */
#include "broker/quiet.h"

#include "broker/peer.h"

static void tell(struct peer *p, enum broker_kind kind)
{
	struct broker_msg m = { .kind = kind, .u.instance = { .id = p->who.id } };

	uplink_send(&p->broker->uplink, &m);
}

/* Nothing is at it, nothing of it is at us or on its way. */
static bool has_work(const struct peer *p)
{
	const struct host *h = &p->broker->host;

	return p->delivery.event || p->delivery.late || p->waiting[WAIT_PING].rpc_id ||
	       p->who.inflight > 0 || frame_wants_write(&p->conn) || p->resume_at_ms ||
	       waits_find_of(&h->dialogs, p->who.id) || waits_find_of(&h->models.calls, p->who.id);
}

void quiet_end(struct peer *p, int64_t now_ms)
{
	p->worked_at_ms = now_ms;
	if (!p->quiet)
		return;
	p->quiet = false;
	tell(p, BROKER_WORK);
}

int64_t quiet_due_ms(const struct peer *p)
{
	if (p->state != PEER_UP || p->standby || p->quiet || has_work(p))
		return 0;
	return p->worked_at_ms + p->who.policy.limits.freeze_after_ms;
}

void quiet_check(struct peer *p, int64_t now_ms)
{
	int64_t due = quiet_due_ms(p);

	if (!due || now_ms < due)
		return;
	p->quiet = true;
	tell(p, BROKER_QUIET);
}
