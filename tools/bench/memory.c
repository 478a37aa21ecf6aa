/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - reads /proc and cgroup v2; a process that goes meanwhile counts for nothing. */
#include "tools/bench/memory.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIDS_MAX = 4096, GROUPS_MAX = 64, LINE_BYTES = 512 };

struct process {
	pid_t pid, parent;
	uid_t uid;
};

struct groups {
	char name[GROUPS_MAX][LINE_BYTES];
	size_t count;
};

/* The number behind a word at the beginning of a line, all of them added. */
static uint64_t sum_fields(const char *path, const char *const words[])
{
	FILE *f = fopen(path, "re");
	char line[LINE_BYTES];
	uint64_t sum = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		for (size_t i = 0; words[i]; i++)
			if (!strncmp(line, words[i], strlen(words[i])))
				sum += strtoull(line + strlen(words[i]), NULL, 10);
	(void)fclose(f);
	return sum;
}

static uint64_t field_of(pid_t pid, const char *file, const char *word)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return sum_fields(path, (const char *const[]){ word, NULL });
}

static size_t list_processes(struct process *list)
{
	DIR *d = opendir("/proc");
	struct dirent *de;
	size_t n = 0;

	while (d && n < PIDS_MAX && (de = readdir(d))) {
		pid_t pid = (pid_t)strtol(de->d_name, NULL, 10);

		if (pid > 0)
			list[n++] = (struct process){ pid, (pid_t)field_of(pid, "status", "PPid:"),
						      (uid_t)field_of(pid, "status", "Uid:") };
	}
	if (d)
		(void)closedir(d);
	return n;
}

/* Adds what the group of this process is charged, once a group. */
static void add_group(pid_t pid, struct groups *seen, struct memory *sum)
{
	char path[LINE_BYTES + 64], line[LINE_BYTES];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		bool known = strncmp(line, "0::/", 4) != 0;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; !known && i < seen->count; i++)
			known = !strcmp(seen->name[i], line);
		if (known || seen->count == GROUPS_MAX)
			continue;
		memcpy(seen->name[seen->count++], line, sizeof(line));
		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.current", line + 3);
		sum->group_kib += sum_fields(path, (const char *const[]){ "", NULL }) / 1024;
	}
	(void)fclose(f);
}

static void add_process(pid_t pid, struct groups *seen, struct memory *sum)
{
	static const char *const private[] = { "Private_Clean:", "Private_Dirty:", NULL };
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	sum->processes++;
	sum->private_kib += sum_fields(path, private);
	add_group(pid, seen, sum);
}

static bool descends(const struct process *list, size_t n, pid_t pid, pid_t root)
{
	for (int depth = 0; pid > 0 && depth < 16; depth++) {
		size_t i = 0;

		if (pid == root)
			return true;
		while (i < n && list[i].pid != pid)
			i++;
		pid = i < n ? list[i].parent : 0;
	}
	return false;
}

void memory_of_trees(const pid_t *roots, size_t n, struct memory *ret)
{
	static struct process list[PIDS_MAX];
	static struct groups seen;
	size_t count = list_processes(list);

	seen.count = 0;
	*ret = (struct memory){ 0 };
	for (size_t i = 0; i < count; i++) {
		bool ours = false;

		for (size_t k = 0; k < n && !ours; k++)
			ours = descends(list, count, list[i].pid, roots[k]);
		if (ours)
			add_process(list[i].pid, &seen, ret);
	}
}

void memory_of_users(uid_t low, uid_t high, struct memory *ret)
{
	static struct process list[PIDS_MAX];
	static struct groups seen;
	size_t count = list_processes(list);

	seen.count = 0;
	*ret = (struct memory){ 0 };
	for (size_t i = 0; i < count; i++)
		if (list[i].uid >= low && list[i].uid <= high)
			add_process(list[i].pid, &seen, ret);
}
