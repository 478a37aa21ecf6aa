/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - a password from the terminal, not echoed (termios(3)). */
#include "tools/pack/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"

/* One byte at a time: what follows the line belongs to somebody else. */
static int read_line(int fd, char ret[SECRET_PASSWORD_MAX], struct err *e)
{
	size_t n = 0;
	char c;

	for (;;) {
		ssize_t r = read(fd, &c, 1);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, "read the password");
		if (r == 0 || c == '\n')
			break;
		if (n + 1 >= SECRET_PASSWORD_MAX)
			return err_set(e, ERR_LIMIT, "password longer than %u bytes",
				       SECRET_PASSWORD_MAX - 1);
		ret[n++] = c;
	}
	ret[n] = '\0';
	return n ? 0 : err_set(e, ERR_USAGE, "no password given; -W makes a key without one");
}

static int ask_once(int fd, bool echo_off, const char *prompt, char ret[SECRET_PASSWORD_MAX],
		    struct err *e)
{
	struct termios before, quiet;
	int r;

	if (!echo_off)
		return read_line(fd, ret, e);
	if (fd_write_all(fd, prompt, strlen(prompt)) < 0 || tcgetattr(fd, &before) < 0)
		return err_sys(e, "ask for the password");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return err_sys(e, "turn off the echo");
	r = read_line(fd, ret, e);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)fd_write_all(fd, "\n", 1);
	return r;
}

int ask_password(const char *prompt, bool twice, char ret[SECRET_PASSWORD_MAX], struct err *e)
{
	CLEANUP_FD int tty =
		isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	char again[SECRET_PASSWORD_MAX];
	int fd = tty >= 0 ? tty : STDIN_FILENO, r = 0;

	if (ask_once(fd, tty >= 0, prompt, ret, e) < 0)
		return -1;
	if (!twice)
		return 0;
	if (ask_once(fd, tty >= 0, "Once more: ", again, e) < 0)
		return -1;
	if (strcmp(ret, again) != 0)
		r = err_set(e, ERR_USAGE, "the two passwords differ");
	sodium_memzero(again, sizeof(again));
	return r;
}
