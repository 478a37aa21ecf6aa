/* SPDX-License-Identifier: Apache-2.0 */
/* logs.h - what a plugin says: stdout, stderr and log.write as printable lines, so many bytes a
 * second. Owns: lines, escaping, the rate.  Must not know: where lines go. */
#ifndef KENNEL_BROKER_LOGS_H
#define KENNEL_BROKER_LOGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
#include "base/loop.h"
#include "broker/quota.h"

enum log_stream { LOG_STREAM_STDOUT = 1, LOG_STREAM_STDERR, LOG_STREAM_CALL };

/* line is printable and shorter than LOG_LINE_MAX. False: it could not be taken; it is counted as
 * dropped. */
typedef bool (*log_sink_fn)(void *arg, enum log_stream stream, unsigned int level,
			    const char *line);

/* A pipe was paused: call logs_resume in logs_wait_ms. */
typedef void (*log_paused_fn)(void *arg);

struct log_pipe {
	struct plugin_log *log;
	enum log_stream stream;
	int fd; /* owned, -1: at its end */
	struct loop_source *source;
	bool paused;
	char line[LOG_LINE_MAX];
	size_t len;
};

struct plugin_log {
	struct log_pipe out, err;
	struct bucket bytes; /* that become lines */
	struct bucket reads; /* that are read at all: throwing away costs us time, too */
	uint64_t lines;
	uint64_t dropped_bytes;
	uint64_t unreported; /* of them, since the last note of it in the log */
	log_sink_fn sink;
	log_paused_fn on_paused;
	void *arg;
};

/* Takes both descriptors, also when it fails. */
int logs_open(struct plugin_log *l, struct loop *loop, int out_fd, int err_fd, int64_t now_ms,
	      struct err *e);
/* Reads what is left, within bounds, and closes. */
void logs_close(struct plugin_log *l);
void logs_set_sink(struct plugin_log *l, log_sink_fn sink, log_paused_fn on_paused, void *arg);
/* log.write: every line of text. False: over the rate. */
bool logs_write(struct plugin_log *l, unsigned int level, const char *text, size_t n,
		int64_t now_ms);
/* Milliseconds until a paused pipe may be read again; 0: none is paused. logs_resume reads them. */
uint32_t logs_wait_ms(const struct plugin_log *l);
void logs_resume(struct plugin_log *l);
/* Printable ASCII and printable UTF-8 stay, the rest becomes \xNN; cut to fit. Returns the length.
 */
size_t logs_escape(const char *s, size_t n, char *ret, size_t cap);

#endif
