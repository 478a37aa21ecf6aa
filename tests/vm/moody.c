/* SPDX-License-Identifier: Apache-2.0 */
/* moody.c - a native plugin in whatever mood a test needs. At its start, by the file "mood" of its
 * bundle: "slow" (says nothing for a while), "crash". By command: "deaf" (a loop that hears neither
 * its wire nor its host), "write" (to /data, again and again). In its loops it goes on trying what
 * its jail refuses, and leaves /data/escaped when that works. Owns: nothing. */
#include "kennel_wire.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* The canary is in each image, readable for all, and labelled with no rights. */
static void try_canary(void)
{
	int fd = open("/canary", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)close(fd);
	(void)close(open("/data/escaped", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void loop_for(long ms)
{
	for (; ms > 0; ms -= 20) {
		try_canary();
		pause_ms(20);
	}
}

__attribute__((constructor)) static void begin(void)
{
	char mood[16] = "";
	int fd = open("/plugin/mood", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, mood, sizeof(mood) - 1) > 0 && !strncmp(mood, "crash", 5))
		abort();
	(void)close(fd);
	if (!strncmp(mood, "slow", 4))
		loop_for(6000); /* less than a plugin has to answer initialize */
}

static void write_on(void)
{
	static char block[4096];
	int fd = open("/data/written", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	while (fd >= 0 && pwrite(fd, block, sizeof(block), 0) > 0)
		pause_ms(20);
}

KENNEL_HANDLER(onCommandPalette)
{
	struct kennel_json command = kennel_get(kennel_input(), "command");

	if (kennel_is_string(command, "deaf"))
		for (;;)
			loop_for(1000);
	if (kennel_is_string(command, "write"))
		write_on();
	return kennel_ok("{\"well\":true}");
}
