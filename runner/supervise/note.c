/* SPDX-License-Identifier: Apache-2.0 */
/* note.c - a decision of the supervisor, on record. */
#include "supervise/note.h"

#include <stdio.h>
#include <string.h>

#include "proto/audit_link.h"
#include "proto/request.h"
#include "supervise/supervisor.h"

/* Cut where it does not fit; between characters, so that it stays UTF-8. */
static void put(char *field, size_t cap, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n >= cap) {
		n = cap - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(field, text ? text : "", n);
	field[n] = '\0';
}

int note_write(const struct note *n, struct err *e)
{
	struct audit_record r;

	memset(&r, 0, sizeof(r));
	r.class = n->soon ? AUDIT_SOON : AUDIT_DURABLE;
	r.count = n->count;
	put(r.tenant, sizeof(r.tenant), n->tenant);
	put(r.event, sizeof(r.event), n->event);
	put(r.plugin, sizeof(r.plugin), n->plugin);
	put(r.bundle, sizeof(r.bundle), n->bundle);
	put(r.method, sizeof(r.method), n->method);
	put(r.object, sizeof(r.object), n->object);
	put(r.result, sizeof(r.result), n->result ? n->result : "allow");
	put(r.detail, sizeof(r.detail), n->detail);
	if (n->instance)
		(void)snprintf(r.instance, sizeof(r.instance), "%llu",
			       (unsigned long long)n->instance);
	return audit_write(SUPERVISOR_AUDIT_FD, &r, e);
}

void note_tell(struct supervisor *s, const struct note *n)
{
	struct err e = { 0 };

	if (note_write(n, &e) == 0)
		return;
	s->audit_lost++;
	put(s->audit_why, sizeof(s->audit_why), e.text);
}
