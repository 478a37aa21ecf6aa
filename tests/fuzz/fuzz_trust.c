/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_trust.c - a trust file of any bytes. Its name is made from the key inside, so that the rest
 * is reached; what is accepted keeps the bounds of its ceiling. */
#include <sodium.h>

#include "base/bytes.h"
#include "bundle/trust.h"
#include "policy/grant.h"
#include "tests/fuzz/fuzz.h"

static void name_of(const char *text, size_t n, char ret[70])
{
	static const char field[] = "\"key\":\"";
	const char *at = memmem(text, n, field, sizeof(field) - 1);
	struct public_key k;

	memset(ret, '0', 64);
	memcpy(ret + 64, ".json", 6);
	if (!at || (size_t)(text + n - at) < sizeof(field) - 1 + 56)
		return;
	if (sign_parse_key(at + sizeof(field) - 1, 56, &k, NULL) < 0)
		return;
	hex_encode(k.fingerprint, sizeof(k.fingerprint), ret);
	memcpy(ret + 64, ".json", 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct trust_words words = { permission_from_name, runtime_from_name };
	static struct trust_key key;
	char name[70];

	if (sodium_init() < 0)
		return 0;
	name_of((const char *)data, size, name);
	if (trust_parse(name, (const char *)data, size, &words, &key, NULL) < 0)
		return 0;
	must(key.plugin_count <= TRUST_PLUGINS_MAX && key.expires >= 0);
	must((key.ceiling.permissions & ~PERM_ALL) == 0);
	must(key.threshold >= 1 && key.threshold <= BUNDLE_SIGNATURES_MAX);
	for (size_t i = 0; i < key.plugin_count; i++)
		must(memchr(key.plugins[i], '\0', NAME_MAX_BYTES) && key.plugins[i][0]);
	must(text_is_printable(key.label, strlen(key.label)));
	(void)trust_state(&key, TRUST_FOR_BUNDLES, 1000000000);
	(void)trust_covers(&key, "some-plugin");
	return 0;
}
