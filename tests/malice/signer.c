/* SPDX-License-Identifier: Apache-2.0 */
/* signer.c - writes bundles of a trusted signer who means ill into a folder: every field of the
 * contents and of the manifest at its limit and beyond it. Prints a line each: file, expected
 * verdict, what it is. Usage: malice-signer FOLDER   (FOLDER/1.pub to 9.pub are the public keys) */
#include <err.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/grant.h"
#include "tests/malice/craft.h"

#define MANIFEST_OF(name, entry, more)                                          \
	"{\"name\":\"" name                                                     \
	"\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\",\"entry\":\"" entry \
	"\",\"permissions\":[]" more "}"
#define MANIFEST MANIFEST_OF("malice", "main.wasm", "")

static const char *folder;
static unsigned int number;

/* The usual bundle with one thing else in it. */
static struct craft usual(void)
{
	struct craft c = { .manifest = MANIFEST,
			   .manifest_n = sizeof(MANIFEST) - 1,
			   .signatures = 1,
			   .comment_n = 6 };

	craft_add(&c, "main.wasm", 8);
	return c;
}

static void write_case(struct craft *c, const char *expect, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%03u.kennel", folder, ++number);
	craft_write(c, path);
	(void)printf("%03u.kennel\t%s\t%s\n", number, expect, name);
}

/* ---- contents, by their text ---- */

static const struct {
	const char *expect, *from, *to;
} edits[] = {
	{ "E_OK", "\"counter\":7", "\"counter\":0" },
	{ "E_OK", "\"counter\":7", "\"counter\":2147483648" },
	{ "E_JSON_VALUE", "\"counter\":7", "\"counter\":2147483649" },
	{ "E_JSON_VALUE", "\"counter\":7", "\"counter\":9223372036854775807" },
	{ "E_JSON", "\"counter\":7", "\"counter\":9223372036854775808" },
	{ "E_JSON", "\"counter\":7", "\"counter\":18446744073709551623" },
	{ "E_JSON_VALUE", "\"counter\":7", "\"counter\":-1" },
	{ "E_TOC_CANONICAL", "\"counter\":7", "\"counter\":-0" },
	{ "E_TOC_CANONICAL", "\"counter\":7", "\"counter\":7e0" },
	{ "E_JSON", "\"counter\":7", "\"counter\":07" },
	{ "E_JSON", "\"counter\":7", "\"counter\":1e999" },
	{ "E_JSON", "\"counter\":7", "\"counter\":NaN" },
	{ "E_JSON_TYPE", "\"counter\":7", "\"counter\":7.5" },
	{ "E_JSON_TYPE", "\"counter\":7", "\"counter\":\"7\"" },
	{ "E_JSON_TYPE", "\"counter\":7", "\"counter\":null" },
	{ "E_JSON_TYPE", "\"counter\":7", "\"counter\":true" },
	{ "E_JSON_TYPE", "\"counter\":7", "\"counter\":[7]" },
	{ "E_JSON_KEY", "\"counter\":7,", "" },
	{ "E_JSON", "\"counter\":7", "\"counter\":7,\"counter\":7" },
	{ "E_TOC", "toc/1", "toc/2" },
	{ "E_JSON_VALUE", "toc/1", "toc/11" },
	{ "E_JSON_TYPE", "\"kennel.toc/1\"", "1" },
	{ "E_JSON_KEY", "\"_type\":\"kennel.toc/1\",", "" },
	{ "E_TOC", "\"counter\":7", "\"counter\":7,\"expires\":0" },
	{ "E_EXPIRED", "\"counter\":7", "\"counter\":7,\"expires\":1" },
	{ "E_OK", "\"counter\":7", "\"counter\":7,\"expires\":9223372036854775807" },
	{ "E_JSON", "\"counter\":7", "\"counter\":7,\"expires\":9223372036854775808" },
	{ "E_JSON_VALUE", "\"counter\":7", "\"counter\":7,\"expires\":-1" },
	{ "E_JSON_TYPE", "\"counter\":7", "\"counter\":7,\"expires\":\"never\"" },
	{ "E_OK", "]}\n", "],\"min_host\":0}\n" },
	{ "E_OK", "]}\n", "],\"min_host\":1}\n" },
	{ "E_UNSUPPORTED", "]}\n", "],\"min_host\":2}\n" },
	{ "E_UNSUPPORTED", "]}\n", "],\"min_host\":4294967295}\n" },
	{ "E_JSON_VALUE", "]}\n", "],\"min_host\":4294967296}\n" },
	{ "E_JSON_TYPE", "]}\n", "],\"min_host\":[]}\n" },
	{ "E_TOC", "]}\n", "],\"native\":false}\n" },
	{ "E_JSON_TYPE", "]}\n", "],\"native\":1}\n" },
	{ "E_OK", "]}\n", "],\"native\":true}\n" }, /* it holds none; the host approves or not */
	{ "E_JSON_KEY", "]}\n", "],\"permissions\":[]}\n" },
	{ "E_TOC_CANONICAL", "]}\n", "]}" },
	{ "E_TOC_CANONICAL", "]}\n", "]} \n" },
	{ "E_TOC_CANONICAL", "]}\n", "],\"a\":1}\n" },
	{ "E_JSON", "]}\n", "]}\n{}\n" },
	{ "E_JSON", "{\"_type\"", "\xef\xbb\xbf{\"_type\"" },
	{ "E_JSON", "main.wasm", "main\xc0\xafwasm" },
	{ "E_JSON", "main.wasm", "main\\u0000wasm" },
	{ "E_JSON", "main.wasm", "main\\ud800wasm" },
	{ "E_TOC_CANONICAL", "main.wasm", "main\\u002ewasm" },
	{ "E_PATH", "main.wasm", "main\\u202Ewasm" },
	{ "E_PATH", "main.wasm", "main\\nwasm" },
	{ "E_PATH", "main.wasm", "main\\\\wasm" },
	{ "E_PATH", "main.wasm", "" },
	{ "E_PATH", "main.wasm", "/main.wasm" },
	{ "E_PATH", "main.wasm", "lib/" },
	{ "E_PATH", "main.wasm", "lib//x" },
	{ "E_PATH", "main.wasm", ".." },
	{ "E_PATH", "main.wasm", "lib/../../../etc/passwd" },
	{ "E_PATH", "main.wasm", "lib/./x" },
	{ "E_PATH", "main.wasm", "-rf" },
	{ "E_PATH", "main.wasm", "C:x" },
	{ "E_PATH", "main.wasm", "META/toc.json" },
	{ "E_PATH", "main.wasm", "meta" },
	{ "E_PATH", "main.wasm", "manifest.json" },
	{ "E_PATH", "main.wasm", "Manifest.JSON" },
	{ "E_PATH", "main.wasm", "manifest.json/x" },
	{ "E_JSON_TYPE", "\"path\":\"main.wasm\"", "\"path\":7" },
	{ "E_JSON_KEY", "\"path\":\"main.wasm\",", "" },
	{ "E_NATIVE", "\"path\":\"main.wasm\"", "\"mode\":\"x\",\"path\":\"main.wasm\"" },
	{ "E_TOC", "\"path\":\"main.wasm\"", "\"mode\":\"s\",\"path\":\"main.wasm\"" },
	{ "E_TOC", "\"path\":\"main.wasm\"", "\"mode\":\"\",\"path\":\"main.wasm\"" },
	{ "E_JSON_VALUE", "\"path\":\"main.wasm\"", "\"mode\":\"4755\",\"path\":\"main.wasm\"" },
	{ "E_JSON_TYPE", "\"path\":\"main.wasm\"", "\"mode\":493,\"path\":\"main.wasm\"" },
	{ "E_TOC", "\"path\":\"manifest.json\"", "\"mode\":\"x\",\"path\":\"manifest.json\"" },
	{ "E_TOC", "manifest.json", "a" },
	{ "E_JSON_KEY", "\"size\":8", "\"size\":8,\"uid\":0" },
	{ "E_JSON_KEY", ",\"size\":8", "" },
	{ "E_STREAM", "\"size\":8", "\"size\":9" },
	{ "E_TOC", "\"size\":8", "\"size\":513" },
	{ "E_TOC", "\"size\":8", "\"size\":67108864" },
	{ "E_JSON_VALUE", "\"size\":8", "\"size\":67108865" },
	{ "E_JSON_VALUE", "\"size\":8", "\"size\":9223372036854775807" },
	{ "E_JSON_VALUE", "\"size\":8", "\"size\":-8" },
	{ "E_JSON_TYPE", "\"size\":8", "\"size\":8.25" },
	{ "E_JSON_TYPE", "\"size\":8", "\"size\":{}" },
	{ "E_JSON_VALUE", "{\"b2\":\"", "{\"b2\":\"0" },
	{ "E_JSON_TYPE", "\"files\":[{\"b2\":", "\"files\":[{\"b2\":7,\"mode\":" },
	{ "E_JSON_TYPE", "\"files\":[", "\"files\":[7," },
	{ "E_JSON_TYPE", "\"files\":[", "\"files\":[null," },
	{ "E_JSON_KEY", "\"frames\":[{", "\"frames\":7,\"z\":[{" },
	{ "E_TOC", "\"frames\":[{", "\"frames\":[7,{" },
	{ "E_TOC", "\"u\":2048", "\"u\":2047" },
	{ "E_TOC", "\"u\":2048", "\"u\":1048576" },
	{ "E_JSON_VALUE", "\"u\":2048", "\"u\":1048577" },
	{ "E_JSON_VALUE", "\"u\":2048", "\"u\":9223372036854775807" },
	{ "E_JSON_VALUE", "\"u\":2048", "\"u\":-1" },
	{ "E_JSON_TYPE", "\"u\":2048", "\"u\":\"\"" },
	{ "E_JSON_KEY", ",\"u\":2048", "" },
	{ "E_JSON_KEY", "\"u\":2048", "\"u\":2048,\"v\":1" },
	{ "E_TRUNCATED", "\"c\":", "\"c\":1" },
	{ "E_JSON_VALUE", "\"c\":", "\"c\":9999999" },
	{ "E_JSON_VALUE", "\"c\":", "\"c\":-" },
	{ "E_JSON", "\"c\":", "\"c\":0" },
	{ "E_JSON_KEY", "\"c\":", "\"d\":" },
};

static void write_edits(void)
{
	for (size_t i = 0; i < countof(edits); i++) {
		CLEANUP(craft_free_p) struct craft c = usual();
		char name[200];

		c.from = edits[i].from;
		c.to = edits[i].to;
		(void)snprintf(name, sizeof(name), "%s -> %s", edits[i].from, edits[i].to);
		for (char *at = name; *at; at++)
			if (*at < ' ' || *at > '~')
				*at = '?';
		write_case(&c, edits[i].expect, name);
	}
}

/* ---- paths and counts ---- */

static void write_paths(void)
{
	const struct {
		const char *expect, *path, *name;
	} paths[] = {
		{ "E_OK", craft_repeat("n", 100), "a name of 100 bytes" },
		{ "E_PATH", craft_repeat("n", 101), "a name of 101 bytes" },
		{ "E_OK", "n/n/n/n/n/n/n/n/n/n/n/n/n/n/n/n", "16 names" },
		{ "E_PATH", "n/n/n/n/n/n/n/n/n/n/n/n/n/n/n/n/n", "17 names" },
		{ "E_PATH", craft_repeat("n/", 120), "120 names" },
	};
	char path[600];

	for (size_t i = 0; i < countof(paths); i++) {
		CLEANUP(craft_free_p) struct craft c = usual();

		craft_add(&c, paths[i].path, 0);
		write_case(&c, paths[i].expect, paths[i].name);
	}
	for (int more = 0; more < 3; more++) { /* 155 of prefix, '/', 99 of name and more */
		CLEANUP(craft_free_p) struct craft c = usual();

		(void)snprintf(path, sizeof(path), "%.77s/%.77s/%.*s", craft_repeat("n", 100),
			       craft_repeat("n", 100), 99 + more, craft_repeat("n", 101));
		craft_add(&c, path, 0);
		write_case(&c, more == 0 ? "E_OK" : "E_JSON_VALUE",
			   more == 0 ? "a path of 255 bytes" : "a path beyond 255 bytes");
	}
	{
		CLEANUP(craft_free_p) struct craft c = usual();

		(void)snprintf(path, sizeof(path), "%.60s/%.100s/%.93s", craft_repeat("n", 100),
			       craft_repeat("n", 100), craft_repeat("n", 100));
		craft_add(&c, path, 0);
		write_case(&c, "E_PATH", "a path that no header holds");
	}
}

static void write_sets(void)
{
	static const struct {
		const char *expect, *first, *second;
	} sets[] = {
		{ "E_OK", "n/p", "n/q" },     { "E_TOC", "n/p", "n/p" },
		{ "E_TOC", "n/q", "n/p" },    { "E_PATH", "n/P", "n/p" },
		{ "E_PATH", "n/p", "n/p/q" }, { "E_PATH", "n/P/q", "n/p/r" },
		{ "E_OK", "n/p-q", "n/p/q" }, { "E_PATH", "n/p/Q", "n/p/q" },
	};

	for (size_t i = 0; i < countof(sets); i++) {
		CLEANUP(craft_free_p) struct craft c = usual();
		char name[64];

		craft_add(&c, sets[i].first, 1);
		craft_add(&c, sets[i].second, 1);
		(void)snprintf(name, sizeof(name), "%s beside %s", sets[i].first, sets[i].second);
		write_case(&c, sets[i].expect, name);
	}
}

static void add_many(struct craft *c, size_t n, size_t path_bytes)
{
	char path[600];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "n/%04zu-%.*s", i, (int)path_bytes,
			       craft_repeat("n", 94));
		craft_add(c, path, 0);
	}
}

static void write_counts(void)
{
	static const struct {
		const char *expect, *name;
		size_t files, signatures, comment_n;
	} counts[] = {
		{ "E_OK", "4,096 files", 4094, 1, 6 },
		{ "E_JSON_VALUE", "4,097 files", 4095, 1, 6 },
		{ "E_LIMIT", "so many files that there are too many JSON values", 5000, 1, 6 },
		{ "E_OK", "8 signatures", 0, 8, 6 },
		{ "E_FRAME0", "9 signatures", 0, 9, 6 },
		{ "E_FRAME0", "no signature", 0, 0, 6 },
		{ "E_OK", "a comment of 511 bytes", 0, 1, 511 },
		{ "E_SIGNATURE_FORMAT", "a comment of 512 bytes", 0, 1, 512 },
		{ "E_LIMIT", "a signature of more than 2,048 bytes", 0, 1, 2000 },
	};

	for (size_t i = 0; i < countof(counts); i++) {
		CLEANUP(craft_free_p) struct craft c = usual();

		add_many(&c, counts[i].files, 0);
		c.signatures = counts[i].signatures;
		c.comment_n = counts[i].comment_n;
		write_case(&c, counts[i].expect, counts[i].name);
	}
}

/* ---- sizes and sums ---- */

static void write_sizes(void)
{
	static const struct {
		const char *expect, *name;
		uint64_t sizes[5];
	} sums[] = {
		{ "E_OK", "a file of 64 MiB", { 64 << 20 } },
		{ "E_OK",
		  "256 MiB in all",
		  { 64 << 20, 64 << 20, 64 << 20, (64 << 20) - 8 - (sizeof(MANIFEST) - 1) } },
		{ "E_LIMIT",
		  "256 MiB and a byte in all",
		  { 64 << 20, 64 << 20, 64 << 20, (64 << 20) - 7 - (sizeof(MANIFEST) - 1) } },
	};

	for (size_t i = 0; i < countof(sums); i++) {
		CLEANUP(craft_free_p) struct craft c = usual();
		char path[16];

		for (size_t k = 0; k < 5 && sums[i].sizes[k]; k++) {
			(void)snprintf(path, sizeof(path), "n%zu", k);
			craft_add(&c, path, sums[i].sizes[k]);
		}
		write_case(&c, sums[i].expect, sums[i].name);
	}
	{
		CLEANUP(craft_free_p) struct craft c = usual();

		add_many(&c, 4094, 0);
		for (size_t i = 1; i < c.file_count; i++)
			c.files[i].claimed = 64 << 20;
		write_case(&c, "E_LIMIT", "4,094 files of 64 MiB each");
	}
}

static void write_frames(void)
{
	static const struct {
		const char *expect, *name;
		enum frames frames;
		uint64_t size, bundle_bytes;
		size_t packed_more;
	} cases[] = {
		{ "E_OK", "frames as large as they may be", FRAMES_PADDED, (4 << 20) - 2560, 0, 0 },
		{ "E_JSON_VALUE", "a frame larger than that", FRAMES_PADDED, (4 << 20) - 2560, 0,
		  3 },
		{ "E_OK", "a bundle of 64 MiB", FRAMES_FILL, (64 << 20) - 2560, 64 << 20, 0 },
		{ "E_LIMIT", "a bundle of 64 MiB and a byte", FRAMES_FILL, (64 << 20) - 2560,
		  (64 << 20) + 1, 0 },
		{ "E_LIMIT", "64 frames as large as they may be", FRAMES_PADDED, (64 << 20) - 2560,
		  0, 0 },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		CLEANUP(craft_free_p) struct craft c = usual();

		craft_add(&c, "n", cases[i].size);
		c.frames = cases[i].frames;
		c.bundle_bytes = cases[i].bundle_bytes;
		c.packed_more = cases[i].packed_more;
		write_case(&c, cases[i].expect, cases[i].name);
	}
}

/* Contents of exactly so many bytes: 4,094 files whose paths are made longer until it fits. */
static void write_toc_of(size_t bytes, const char *expect, const char *name)
{
	CLEANUP(craft_free_p) struct craft c = usual();
	char path[600];
	size_t n = 0;

	for (size_t i = 0; i < 4094; i++) {
		(void)snprintf(path, sizeof(path), "n/%.80s/%04zu-", craft_repeat("n", 80), i);
		craft_add(&c, path, 0);
	}
	free(craft_toc(&c, &n));
	for (size_t i = 0; n < bytes; i = (i + 1) % 4094, n++) {
		char *p = c.files[1 + i].path;

		memcpy(p + strlen(p), "n", 2);
	}
	free(craft_toc(&c, &n));
	if (n != bytes)
		errx(1, "contents of %zu bytes", n);
	write_case(&c, expect, name);
}

/* ---- contents that are something else altogether ---- */

static void write_toc(const char *expect, const char *name, const char *first, const char *text,
		      size_t times, const char *last)
{
	CLEANUP(craft_free_p) struct craft c = usual();
	CLEANUP(free_p) char *all = craft_repeat(text, times);
	CLEANUP(free_p) char *whole = NULL;
	int n = asprintf(&whole, "%s%s%s", first, all, last);

	if (n < 0)
		errx(1, "no memory");
	c.toc = whole;
	c.toc_n = (size_t)n;
	write_case(&c, expect, name);
}

static void write_documents(void)
{
	CLEANUP(free_p) char *members = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&members, &n);

	for (unsigned int i = 0; f && i < 16382; i++)
		(void)fprintf(f, "%s\"%05u-%.45s\":0", i ? "," : "", i, craft_repeat("k", 50));
	if (!f || fclose(f) != 0)
		errx(1, "no memory");
	write_toc("E_LIMIT", "a million brackets", "", "[", 1 << 20, "");
	write_toc("E_LIMIT", "a million braces", "", "{", 1 << 20, "");
	write_toc("E_LIMIT", "300,000 empty objects", "[{}", ",{}", 300000, "]\n");
	write_toc("E_JSON_TYPE", "32,768 values", "[0", ",0", 32766, "]\n");
	write_toc("E_LIMIT", "32,769 values", "[0", ",0", 32767, "]\n");
	write_toc("E_JSON_TYPE", "32,767 empty lists", "[[]", ",[]", 16382, "]\n");
	write_toc("E_JSON_TYPE", "nesting of 4", "[[[[", "0", 1, "]]]]\n");
	write_toc("E_LIMIT", "nesting of 5", "[[[[[", "0", 1, "]]]]]\n");
	write_toc("E_JSON_TYPE", "a string of a megabyte", "\"", "a", 1048573, "\"\n");
	write_toc("E_LIMIT", "a string of more than a mebibyte", "\"", "a", 1048574, "\"\n");
	write_toc("E_TOC_CANONICAL", "a megabyte beyond ASCII", "\"", "\xc3\xa4", 524286, "\"\n");
	write_toc("E_TOC_CANONICAL", "a megabyte beyond the BMP", "\"", "\xf0\x9f\x98\x80", 262143,
		  "\"\n");
	write_toc("E_JSON", "a number of a million digits", "", "9", 1 << 20, "");
	write_toc("E_JSON_KEY", "16,382 unknown keys", "{", members, 1, "}\n");
	write_toc("E_JSON_TYPE", "a number", "", "7", 1, "\n");
	write_toc("E_JSON", "white space", "", " ", 1 << 20, "");
	write_toc("E_JSON", "not even text", "", "\x80", 4096, "");
}

/* ---- the manifest ---- */

#define LIMITS(more) ",\"limits\":{" more "}"
static const struct {
	const char *expect, *more;
} asks[] = {
	{ "E_OK", LIMITS("\"tasks\":2") },
	{ "E_JSON_VALUE", LIMITS("\"tasks\":1") },
	{ "E_OK", LIMITS("\"tasks\":4096") },
	{ "E_JSON_VALUE", LIMITS("\"tasks\":4097") },
	{ "E_JSON_VALUE", LIMITS("\"tasks\":99999999999") },
	{ "E_JSON", LIMITS("\"tasks\":99999999999999999999") },
	{ "E_JSON_VALUE", LIMITS("\"tasks\":-1") },
	{ "E_JSON_TYPE", LIMITS("\"tasks\":1.5") },
	{ "E_JSON_VALUE", LIMITS("\"memory\":\"18446744073709551615G\"") },
	{ "E_JSON_VALUE", LIMITS("\"memory\":\"0\"") },
	{ "E_JSON_TYPE", LIMITS("\"memory\":[]") },
	{ "E_JSON_VALUE", LIMITS("\"runtime\":\"99999999999h\"") },
	{ "E_JSON_KEY", LIMITS("\"threads\":1") },
	{ "E_JSON_TYPE", ",\"limits\":7" },
	{ "E_JSON_TYPE", ",\"limits\":null" },
	{ "E_JSON_VALUE", ",\"runtime\":\"root\"" },
	{ "E_JSON_TYPE", ",\"jit\":1" },
	{ "E_MANIFEST", ",\"jit\":true" },
	{ "E_MANIFEST", ",\"runtime\":\"native\"" },
	{ "E_MANIFEST_SIGNATURE", ",\"signature\":\"x\"" },
	{ "E_OK", ",\"signature\":\"\"" },
	{ "E_JSON_KEY", ",\"root\":true" },
	{ "E_JSON", ",\"name\":\"other\"" },
	{ "E_JSON_VALUE", ",\"description\":\"\\u202e\"" },
	{ "E_JSON_VALUE", ",\"description\":\"\\u001b[2J\"" },
	{ "E_JSON", ",\"description\":\"\\u0000\"" },
	{ "E_JSON_TYPE", ",\"description\":{}" },
	{ "E_JSON_VALUE", ",\"events\":[\"onRoot\"]" },
	{ "E_JSON_TYPE", ",\"events\":\"onNoteSave\"" },
	{ "E_JSON_KEY", ",\"scopes\":{\"readNotes\":{\"allow\":[\"**\"]}}" },
	{ "E_PERMISSION_UNKNOWN", ",\"scopes\":{\"root\":{\"allow\":[\"**\"]}}" },
	{ "E_FILES_RULE", ",\"files\":[{\"path\":\"vault:/../etc\",\"access\":\"read\"}]" },
	{ "E_FILES_RULE", ",\"files\":[{\"path\":\"/etc\",\"access\":\"read\"}]" },
	{ "E_FILES_RULE", ",\"files\":[{\"path\":\"vault:/x\",\"access\":\"write\"}]" },
	{ "E_JSON_KEY", ",\"restart\":{\"max\":1}" },
	{ "E_JSON_VALUE", ",\"restart\":{\"policy\":\"always\",\"max\":0}" },
	{ "E_JSON_VALUE", ",\"restart\":{\"policy\":\"always\",\"max\":9999999}" },
	{ "E_LIMIT", ",\"a\":[[[[[[[[0]]]]]]]]" },
	{ "E_JSON_KEY", ",\"a\":[[[[[[[0]]]]]]]" },
};

static void write_manifest(const char *expect, const char *name, const char *text)
{
	CLEANUP(craft_free_p) struct craft c = usual();

	c.manifest = text;
	c.manifest_n = strlen(text);
	write_case(&c, expect, name);
}

static void write_asks(void)
{
	for (size_t i = 0; i < countof(asks); i++) {
		CLEANUP(free_p) char *text = NULL;

		if (asprintf(&text,
			     "{\"name\":\"malice\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\","
			     "\"entry\":\"main.wasm\",\"permissions\":[]%s}",
			     asks[i].more) < 0)
			errx(1, "no memory");
		write_manifest(asks[i].expect, asks[i].more + 1, text);
	}
}

/* A field of text of n bytes: at its limit, and a byte beyond. */
static void write_texts(void)
{
	static const struct {
		const char *key, *first; /* the text is first and then letters */
		size_t limit;
		const char *beyond;
	} texts[] = {
		{ "name", "", NAME_MAX_BYTES - 1, "E_JSON_VALUE" },
		{ "version", "1.0.0-", VERSION_MAX_BYTES - 1, "E_JSON_VALUE" },
		{ "description", "", PROSE_MAX_CHARS, "E_JSON_VALUE" },
		{ "author", "", LINE_MAX_CHARS, "E_JSON_VALUE" },
		{ "license", "", NAME_MAX_BYTES - 1, "E_JSON_VALUE" },
	};

	for (size_t i = 0; i < countof(texts); i++)
		for (size_t over = 0; over < 60001; over = over ? over * 60000 : 1) {
			CLEANUP(free_p) char *text = NULL;
			char name[64];
			bool own = i < 2;
			size_t n = texts[i].limit + over - strlen(texts[i].first);

			if (asprintf(&text,
				     "{%s\"schemaVersion\":\"1.0\",%s\"entry\":\"main.wasm\","
				     "\"permissions\":[],\"%s\":\"%s%s\"}",
				     own && i == 0 ? "" : "\"name\":\"malice\",",
				     own && i == 1 ? "" : "\"version\":\"1.0.0\",", texts[i].key,
				     texts[i].first, craft_repeat("a", n)) < 0)
				errx(1, "no memory");
			(void)snprintf(name, sizeof(name), "manifest: %s of %zu bytes",
				       texts[i].key, texts[i].limit + over);
			write_manifest(over ? texts[i].beyond : "E_OK", name, text);
		}
}

static void write_lists(void)
{
	static const struct {
		const char *expect, *name, *first, *glob;
		size_t times;
		const char *last;
	} lists[] = {
		{ "E_OK", "32 globs", "", ",\"Open/**\"", 31, "" },
		{ "E_JSON_VALUE", "33 globs", "", ",\"Open/**\"", 32, "" },
		{ "E_LIMIT", "a manifest of more than 64 KiB", "", ",\"Open/**\"", 7000, "" },
		{ "E_JSON_VALUE", "5,000 globs", "", ",\"Open/**\"", 5000, "" },
	};

	for (size_t i = 0; i < countof(lists); i++) {
		CLEANUP(free_p) char *text = NULL;

		if (asprintf(&text,
			     "{\"name\":\"malice\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\","
			     "\"entry\":\"main.wasm\",\"permissions\":[\"readNotes\"],\"scopes\":"
			     "{\"readNotes\":{\"allow\":[\"Open/**\"%s]}}}",
			     craft_repeat(lists[i].glob, lists[i].times)) < 0)
			errx(1, "no memory");
		write_manifest(lists[i].expect, lists[i].name, text);
	}
	for (size_t n = SCOPE_GLOB_CHARS; n <= SCOPE_GLOB_CHARS + 1; n++) {
		CLEANUP(free_p) char *text = NULL;

		if (asprintf(&text,
			     "{\"name\":\"malice\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\","
			     "\"entry\":\"main.wasm\",\"permissions\":[\"readNotes\"],\"scopes\":"
			     "{\"readNotes\":{\"allow\":[\"%s\"]}}}",
			     craft_repeat("g", n)) < 0)
			errx(1, "no memory");
		write_manifest(n == SCOPE_GLOB_CHARS ? "E_OK" : "E_JSON_VALUE",
			       n == SCOPE_GLOB_CHARS ? "a glob of 127 bytes"
						     : "a glob of 128 bytes",
			       text);
	}
}

/* One for each permission: the keys' ceilings are the script's. */
static void write_permissions(void)
{
	for (unsigned int p = 0; p < PERM_COUNT; p++) {
		CLEANUP(craft_free_p) struct craft c = usual();
		CLEANUP(free_p) char *text = NULL;
		char path[4096];

		if (asprintf(&text,
			     "{\"name\":\"malice\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\","
			     "\"entry\":\"main.wasm\",\"permissions\":[\"%s\"]}",
			     permission_name(p)) < 0)
			errx(1, "no memory");
		c.manifest = text;
		c.manifest_n = strlen(text);
		(void)snprintf(path, sizeof(path), "%s/permission-%s.kennel", folder,
			       permission_name(p));
		craft_write(&c, path);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 || sodium_init() < 0)
		errx(2, "usage: malice-signer FOLDER");
	folder = argv[1];
	for (unsigned int n = 1; n < 10; n++)
		craft_write_key(folder, n);
	write_edits();
	write_paths();
	write_sets();
	write_counts();
	write_sizes();
	write_frames();
	write_toc_of(TOC_MAX, "E_OK", "contents of a mebibyte");
	write_toc_of(TOC_MAX + 1, "E_LIMIT", "contents of a mebibyte and a byte");
	write_documents();
	write_asks();
	write_texts();
	write_lists();
	write_permissions();
	return fflush(stdout) == EOF;
}
