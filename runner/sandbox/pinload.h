/* SPDX-License-Identifier: Apache-2.0 */
/* pinload.h - a BPF object from its bytes to attached and pinned programs.
 * Owns: everything we ask of libbpf's object interface.  Must not know: generations, what is pinned
 * before. */
#ifndef KENNEL_SANDBOX_PINLOAD_H
#define KENNEL_SANDBOX_PINLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sandbox/pinset.h"

struct pinload;

/* Parses the object and selects its programs for the running kernel; loads nothing. */
int pinload_new(const struct pinset_config *c, struct pinload **ret, struct err *e);
void pinload_free_p(struct pinload **l);
/* The kernel's id of the borrowed map, 0 when there is none. */
uint64_t pinload_borrowed_id(const struct pinload *l);

/* Loads, attaches and pins: maps below set_dir/maps (or takes those that are there), the rest in
 * gen_dir. On failure gen_dir is incomplete, and the caller removes it. */
int pinload_run(struct pinload *l, const struct pinset_config *c, const char *set_dir,
		const char *gen_dir, struct err *e);
/* Is there a pin in gen_dir for each program this kernel gets? */
bool pinload_is_pinned(const struct pinload *l, const char *gen_dir);

/* dir/name, PINSET_PATH_MAX bytes; ERR_LIMIT. */
int pinset_path(char *ret, const char *dir, const char *name, struct err *e);

#endif
