/* SPDX-License-Identifier: Apache-2.0 */
/* work.c - a module in the making: its new text, its lists. */
#include "images/js/work.h"

#include <string.h>

#include "images/js/module.h"

#define OUT_MAX (2u * MODULE_BYTES_MAX)

int work_refuse(const struct work *m, const char *what, struct err *e)
{
	return err_set(e, ERR_JS_MODULE, "%u: %s", m->w.line, what);
}

int work_no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "a module");
}

int work_advance(struct work *m, struct err *e)
{
	return scan_next(&m->scan, &m->w, e);
}

/* ---- the new text ---- */

int work_put(struct work *m, const char *p, size_t n, struct err *e)
{
	return buffer_append(&m->out, p, n, OUT_MAX) < 0 ? work_no_memory(e) : 0;
}

int work_put_text(struct work *m, const char *text, struct err *e)
{
	return work_put(m, text, strlen(text), e);
}

int work_copy_until(struct work *m, const char *at, struct err *e)
{
	if (work_put(m, m->copied, (size_t)(at - m->copied), e) < 0)
		return -1;
	m->copied = at;
	return 0;
}

int work_drop_until(struct work *m, const char *at, struct err *e)
{
	if (work_put_text(m, " ", e) < 0)
		return -1;
	for (; m->copied < at; m->copied++)
		if ((*m->copied == '\n' || *m->copied == '\r') && work_put(m, m->copied, 1, e) < 0)
			return -1;
	return 0;
}

/* ---- the lists ---- */

int work_add(struct work *m, json_t *list, json_t *row, struct err *e)
{
	if (!row || json_array_append_new(list, row) < 0)
		return work_no_memory(e);
	if (++m->names > MODULE_NAMES_MAX)
		return err_set(e, ERR_LIMIT, "%u: more than %u imports and exports", m->w.line,
			       MODULE_NAMES_MAX);
	return 0;
}

void work_remember(json_t *set, const struct word *w, const char *kind)
{
	if (w->kind == WORD_NAME)
		(void)json_object_setn_new(set, w->p, w->n, json_string(kind));
}
