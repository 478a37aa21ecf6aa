/* SPDX-License-Identifier: Apache-2.0 */
/* kennel_wire.h - writing a native plugin in C: kennel_api.h, spoken on the wire itself.
 * Owns: the plugin's side of the wire.  Must not know: what a plugin does.
 *
 *   KENNEL_HANDLER(onNoteSave)
 *   {
 *           struct kennel_json note = kennel_get(kennel_input(), "note");
 *           return kennel_ok("{\"seen\":true}");
 *   }
 *
 * gcc -O2 -static -o plugin main.c kennel_wire.c kennel_json.c
 *
 * kennel_wire.c holds main: it answers initialize and $/ping, runs one handler at a time, and ends
 * when the host says $/shutdown or closes the wire. It needs nothing but a libc. A handler written
 * for kennel.h needs only this header instead, except for what is wasm's own there. */
#ifndef KENNEL_WIRE_H
#define KENNEL_WIRE_H

#include "kennel_api.h"

typedef int32_t (*kennel_handler_fn)(void);

struct kennel_handler {
	const char *name;
	kennel_handler_fn run;
};

/* A handler returns kennel_ok(...) or kennel_fail(...); its name is the event's. */
#define KENNEL_HANDLER(name)                                                                 \
	static int32_t kennel_run_##name(void);                                              \
	__attribute__((section("kennel_handlers"), used,                                     \
		       retain)) static const struct kennel_handler kennel_handler_##name = { \
		#name, kennel_run_##name                                                     \
	};                                                                                   \
	static int32_t kennel_run_##name(void)

/* The host wants the event to end: it said $/cancel, or its time is over, or the wire is gone.
 * Looks at the wire, so that a loop that asks now and then hears of it. From then on every
 * kennel_call is refused with KENNEL_DEADLINE. */
bool kennel_cancelled(void);
/* Milliseconds until the event's deadline; 0: it is over. */
long long kennel_time_left_ms(void);

enum { KENNEL_DEADLINE = 1006 };

#endif
