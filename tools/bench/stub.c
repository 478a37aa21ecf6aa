/* SPDX-License-Identifier: Apache-2.0 */
/* stub.c - the smallest payload: says one byte on fd 3, which means "my first instruction ran", and
 * ends. Static, so that every runner starts the same thing. */
#include <unistd.h>

int main(void)
{
	return write(3, "r", 1) == 1 ? 0 : 1;
}
