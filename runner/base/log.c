/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - lines for the operator, logfmt on stderr. */
#include "base/log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fd.h"

static const char *log_role = "kennel";
static enum log_level log_most = LOG_INFO;

void log_init(const char *role, enum log_level most)
{
	log_role = role;
	log_most = most;
}

static void begin_line(struct writer *w, enum log_level level, const char *msg)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	char t[CLOCK_TEXT_BYTES];

	clock_format_utc(clock_wall_ns(), t);
	writer_fmt(w, "time=%.23sZ level=%s role=%s msg=", t, names[level], log_role);
	writer_json_str(w, msg, strlen(msg));
}

static void end_line(struct writer *w)
{
	w->full = false; /* a cut line is better than none; the last byte is free for the newline */
	w->p[w->len] = '\n';
	(void)fd_write_all(STDERR_FILENO, w->p, w->len + 1);
}

void log_line(enum log_level level, const char *msg, ...)
{
	char buf[2048];
	struct writer w;
	const char *key;
	va_list ap;

	if (level > log_most)
		return;
	writer_init(&w, buf, sizeof(buf));
	begin_line(&w, level, msg);
	va_start(ap, msg);
	while ((key = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);

		if (!value)
			value = "";
		writer_fmt(&w, " %s=", key);
		writer_json_str(&w, value, strlen(value));
	}
	va_end(ap);
	end_line(&w);
}

void log_err(enum log_level level, const char *msg, const struct err *e)
{
	log_line(level, msg, "code", err_name(e->code), "error", e->text, (char *)NULL);
}
