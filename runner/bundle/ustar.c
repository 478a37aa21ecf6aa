/* SPDX-License-Identifier: Apache-2.0 */
/* ustar.c - the one spelling of a tar header (POSIX.1-2017 pax, "ustar Interchange Format"). */
#include "bundle/ustar.h"

#include <string.h>

#include "bundle/path.h"

/* Offsets of the format. */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_SUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_MAJOR = 329,
	AT_MINOR = 337,
	AT_PREFIX = 345
};

/* digits octal digits and a final NUL, which is there already. */
static void put_octal(uint8_t *at, unsigned int digits, uint64_t v)
{
	while (digits-- > 0) {
		at[digits] = (uint8_t)('0' + (v & 7));
		v >>= 3;
	}
}

void ustar_make(uint8_t ret_header[USTAR_BLOCK], const char *path, uint64_t size, bool executable)
{
	size_t n = strlen(path);
	int cut = path_ustar_split(path, n);
	size_t prefix = cut > 0 ? (size_t)cut : 0;
	const char *name = prefix ? path + prefix + 1 : path;
	uint32_t sum = 0;

	memset(ret_header, 0, USTAR_BLOCK);
	memcpy(ret_header + AT_NAME, name, strlen(name) < 100 ? strlen(name) : 100);
	memcpy(ret_header + AT_PREFIX, path, prefix);
	put_octal(ret_header + AT_MODE, 7, executable ? 0555 : 0444);
	put_octal(ret_header + AT_UID, 7, 0);
	put_octal(ret_header + AT_GID, 7, 0);
	put_octal(ret_header + AT_SIZE, 11, size);
	put_octal(ret_header + AT_MTIME, 11, 0);
	put_octal(ret_header + AT_MAJOR, 7, 0);
	put_octal(ret_header + AT_MINOR, 7, 0);
	ret_header[AT_TYPE] = '0';
	memcpy(ret_header + AT_MAGIC,
	       "ustar\0"
	       "00",
	       8);
	memset(ret_header + AT_SUM, ' ', 8); /* counts as spaces in its own sum */
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += ret_header[i];
	put_octal(ret_header + AT_SUM, 6, sum);
	ret_header[AT_SUM + 6] = '\0';
}

bool ustar_read_size(const uint8_t header[USTAR_BLOCK], uint64_t *ret_size)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 11; i++) {
		uint8_t c = header[AT_SIZE + i];

		if (c < '0' || c > '7')
			return false;
		v = v << 3 | (uint64_t)(c - '0');
	}
	if (header[AT_SIZE + 11] != '\0')
		return false;
	*ret_size = v;
	return true;
}
