/* SPDX-License-Identifier: Apache-2.0 */
/* elsewhere.c - preloaded, it makes a program believe in another machine: another time, another
 * user, another order of every folder. tests: tools/pack/tree.c */
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LATER = 2000000000, ENTRIES_MAX = 8192 };

int clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	*t = (struct timespec){ LATER, 123456789 };
	return 0;
}

int gettimeofday(struct timeval *t, void *zone)
{
	(void)zone;
	*t = (struct timeval){ LATER, 123456 };
	return 0;
}

time_t time(time_t *t)
{
	if (t)
		*t = LATER;
	return LATER;
}

uid_t getuid(void)
{
	return 4242;
}

pid_t getpid(void)
{
	return 4242;
}

/* The real entries of one folder, handed out from the last to the first. */
struct reversed {
	DIR *d;
	struct dirent *all;
	size_t left;
};
static struct reversed open_now[64];

static struct reversed *find(DIR *d)
{
	struct dirent *(*real)(DIR *) = NULL;
	struct reversed *r = open_now;
	struct dirent *de;

	while (r->d && r->d != d)
		if (++r == open_now + 64)
			abort();
	if (r->d)
		return r;
	*(void **)&real = dlsym(RTLD_NEXT, "readdir");
	r->d = d;
	r->all = calloc(ENTRIES_MAX, sizeof(*r->all));
	if (!r->all)
		abort();
	while ((de = real(d)))
		if (r->left < ENTRIES_MAX)
			r->all[r->left++] = *de;
	return r;
}

struct dirent *readdir(DIR *d)
{
	struct reversed *r = find(d);

	return r->left ? &r->all[--r->left] : NULL;
}

int closedir(DIR *d)
{
	int (*real)(DIR *) = NULL;

	for (size_t i = 0; i < 64; i++)
		if (open_now[i].d == d) {
			free(open_now[i].all);
			open_now[i] = (struct reversed){ 0 };
		}
	*(void **)&real = dlsym(RTLD_NEXT, "closedir");
	return real(d);
}
