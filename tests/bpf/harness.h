/* SPDX-License-Identifier: Apache-2.0 */
/* harness.h - what the tests of guard and meter share: cgroups, trees, children, lines "ok N".
 * Owns: the slice /sys/fs/cgroup/kennel-test and the tree /run/kennel-test.
 * Must not know: single hooks. */
#ifndef TESTS_BPF_HARNESS_H
#define TESTS_BPF_HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/guard.h"
#include "sandbox/meter.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define SLICE_NAME "kennel-test"
#define SLICE CGROUP_ROOT "/" SLICE_NAME
#define TREE "/run/kennel-test"
#define PINS "/sys/fs/bpf/kennel-test"

/* "ok N - text" or "not ok N - text"; returns good. */
bool check(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for what must be 0, with the error's text. */
bool check_ok(int r, const struct err *e, const char *what);
/* Ends the test at once: nothing after it would mean anything. */
void need(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The plan line; the status for main. */
int finish(void);

/* Cgroups. Paths are below SLICE, "" is the slice. Returns the id; the descriptor is the caller's.
 */
void slice_make(void);
void slice_remove(void);
uint64_t cgroup_make(const char *path, int *ret_fd);
void cgroup_remove(const char *path); /* kills what is in it */
uint64_t slice_id(void);
/* A number from a cgroup's file: its first one, or the one after key. */
uint64_t cgroup_read(const char *path, const char *file, const char *key);
void write_file(const char *path, const char *text);

struct guard *guard_start(uint32_t ring_bytes);
void guard_end(struct guard **g);

/* One instance with its own tree and labels: ro R|X, rw R|W, rw/lab R|W of its own, rw/keep (a
 * file), canary without rights, /dev/null R|W; secret has no label. */
struct jail {
	struct guard *guard;
	uint64_t cgroup;
	int cgroup_fd;
	char path[64];
	char tree[64];
	int stream_fd; /* listeners in secret; a third one, for all, is abstract */
	int dgram_fd;
};
void jail_make(struct guard *g, struct jail *j, uint32_t flags);
void jail_enforce(struct jail *j);
void jail_remove(struct jail *j);
uint64_t jail_refused(const struct jail *j);

/* A child in a cgroup (-1: here), its working directory in dir: it runs prepare, waits until `let`
 * was called if there is one, and runs act. Returns what act returned (0, or an errno), 256 + n for
 * signal n, 512 when prepare failed. */
typedef int (*act_fn)(void);
typedef void (*let_fn)(void *arg);
int run_child(int cgroup_fd, const char *dir, act_fn prepare, act_fn act, let_fn let, void *arg);

/* The same without waiting: it acts at once, and is ended by victim_end. */
pid_t start_child(int cgroup_fd, const char *dir, act_fn act);

/* A process outside of every jail that does nothing; killed by victim_end. */
pid_t victim_start(void);
void victim_end(pid_t pid);
extern pid_t victim; /* for attacks */

struct attack {
	const char *name;
	uint32_t hook;
	int error;	   /* errno under the guard */
	unsigned int count; /* refusals it leaves */
	act_fn prepare;	   /* in SETUP, may be NULL */
	act_fn act;
	uint32_t other_hook;  /* on kernels where another one comes first, or 0 */
	int control_error; /* errno without a guard, usually 0 */
};
extern const struct attack file_attacks[], path_attacks[], host_attacks[];
extern const size_t file_attacks_count, path_attacks_count, host_attacks_count;

/* What must go on working, as name and act; no refusal may be left. */
extern const struct attack legitimate[];
extern const size_t legitimate_count;

/* errno of a call that failed, else 0. */
int failed(long r);
/* Opens and closes: 0 or errno. */
int try_open(const char *path, int flags);
/* The static program beside this one; it ends with status 0. */
extern char payload_path[];

#endif
