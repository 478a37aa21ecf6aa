/* SPDX-License-Identifier: Apache-2.0 */
/* ceiling_of.c - a configuration on standard input → the launcher's record of it on standard
 * output, for tests that start a role by hand. */
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "policy/hostconf.h"

int main(void)
{
	static struct ceiling c;
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	struct err e;

	if (fs_read_fd(STDIN_FILENO, CONFIG_FILE_MAX, &text, &e) < 0 ||
	    hostconf_parse((const char *)text.p, text.len, &c, &e) < 0) {
		(void)fprintf(stderr, "%s: %s\n", err_name(e.code), e.text);
		return 1;
	}
	return fd_write_all(STDOUT_FILENO, &c, sizeof(c)) < 0;
}
