/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - the error record.
 * Owns: filling and naming it.  Must not know: where it is printed. */
#include "base/err.h"

/* The functions themselves, not the macros that show their result. */
#undef err_set
#undef err_sys
#undef err_wrap

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROW_(code, name, status) [code] = { name, status },
static const struct {
	const char *name;
	int status;
} rows[ERR_COUNT] = { ERR_TABLE(ROW_) };
#undef ROW_

static void set_text(struct err *e, const char *fmt, va_list ap)
{
	int n = vsnprintf(e->text, sizeof(e->text), fmt, ap);

	if (n < 0)
		e->text[0] = '\0';
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->code = code;
	e->sys = 0;
	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int sys = errno;
	size_t used;
	va_list ap;

	if (!e)
		return -1;
	e->code = sys == ENOMEM ? ERR_NOMEM : ERR_SYS;
	e->sys = sys;
	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	(void)snprintf(e->text + used, sizeof(e->text) - used, ": %s", strerror(sys));
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[sizeof(e->text)];
	size_t used;
	va_list ap;

	if (!e)
		return -1;
	memcpy(inner, e->text, sizeof(inner));
	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	(void)snprintf(e->text + used, sizeof(e->text) - used, ": %s", inner);
	return -1;
}

const char *err_name(enum err_code code)
{
	return (unsigned int)code < ERR_COUNT ? rows[code].name : "E_INTERNAL";
}

int err_exit_status(enum err_code code)
{
	return (unsigned int)code < ERR_COUNT ? rows[code].status : 125;
}

int err_code_from_name(const char *name)
{
	for (int i = 0; i < ERR_COUNT; i++)
		if (!strcmp(rows[i].name, name))
			return i;
	return -1;
}
