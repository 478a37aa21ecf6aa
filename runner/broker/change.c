/* SPDX-License-Identifier: Apache-2.0 */
/* change.c - one change of a note: what is replaced is kept, the file changed, the index told. */
#include "broker/change.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "broker/replace.h"

static int put(const struct vault *v, const struct note_change *c, struct err *e)
{
	if (!c->old)
		return create_note(v, c->note, c->text, c->n, e);
	if (!c->text)
		return remove_note(v, c->note, c->old->revision, e);
	return replace_note(v, c->note, c->old, c->text, c->n, e);
}

int change_note(struct host *host, const struct note_change *c, struct err *e)
{
	struct cause cause = { .hops = c->hops };

	if (c->old && history_save(&host->history, c->old->revision, c->old->text.p,
				   c->old->text.len, clock_wall_s(), e) < 0)
		return -1;
	if (put(host->vault, c, e) < 0)
		return -1;
	(void)copy_str(cause.origin, sizeof(cause.origin), c->plugin);
	(void)vault_refresh(host->vault, c->note, &cause, NULL);
	return 0;
}
