/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_grantfile.c - a grant file of any bytes: what is accepted must pass the record check, and
 * what is printed of it must be read again as the same. */
#include "policy/grantfile.h"
#include "policy/wire.h"
#include "tests/fuzz/fuzz.h"

static struct grant grants[4], again[4];

static void try_grants(const char *text, size_t n)
{
	struct err e;
	size_t count = 0, count_again = 0;
	char *printed;

	if (grantfile_parse(text, n, grants, 4, &count, &e) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		must(grant_check(&grants[i], &e) == 0);
	printed = grantfile_print(grants, count);
	must(printed && grantfile_parse(printed, strlen(printed), again, 4, &count_again, &e) == 0);
	must(count == count_again);
	must(memcmp(grants, again, count * sizeof(*grants)) == 0);
	free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_grants((const char *)data, size);
	return 0;
}
