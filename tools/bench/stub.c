/* SPDX-License-Identifier: Apache-2.0 */
/* stub.c - the smallest payload: says one byte on fd 3, which means "my first instruction ran", and
 * ends when the other side closes. Static, so that every runner starts the same thing. */
#include <unistd.h>

int main(void)
{
	char c;

	if (write(3, "r", 1) != 1)
		return 1;
	while (read(3, &c, 1) > 0)
		;
	return 0;
}
