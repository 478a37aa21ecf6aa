/* SPDX-License-Identifier: Apache-2.0 */
/* pinset.h - one BPF object, loaded once, pinned, and found again: PIN_DIR/NAME/{maps,gen_N}.
 * Owns: generations, so that an old one goes only when a new one stands.
 * Must not know: what the programs do. */
#ifndef KENNEL_SANDBOX_PINSET_H
#define KENNEL_SANDBOX_PINSET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bpf/pins.h"

#define PINSET_PATH_MAX 256u

/* A program that is taken only when the running kernel has this function with so many arguments. */
struct pinset_optional {
	const char *program;
	const char *function;
	int arguments; /* -1: any number */
};

struct pinset_size {
	const char *map;
	uint32_t entries;
};

struct pinset_config {
	const char *pin_dir;
	const char *name;
	const void *elf;
	size_t elf_bytes;
	uint32_t slice_level;
	uint64_t slice_cgroup;
	int slice_fd; /* for iterators; -1 when there are none */
	const struct pinset_optional *optional;
	size_t optional_count;
	const struct pinset_size *sizes; /* of maps that are not pinned yet */
	size_t sizes_count;
	const char *
		borrowed_map; /* NULL, or a map of ours that is another set's when that is pinned */
	const char *borrowed_from; /* name of the other set */
};

struct pinset {
	char dir[PINSET_PATH_MAX];
	uint64_t generation;
};

int pinset_open(const struct pinset_config *c, struct pinset *ret, struct err *e);
int pinset_remove(const char *pin_dir, const char *name, struct err *e);

/* Descriptors of what is pinned, the caller's; -1 on error. */
int pinset_map_fd(const struct pinset *s, const char *map, struct err *e);
/* A link, or a program that is not attached by itself (iterator: NAME_prog; syscall: NAME). */
int pinset_object_fd(const struct pinset *s, const char *name, struct err *e);

#endif
