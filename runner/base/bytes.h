/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - bounded reading and writing with a sticky error.
 * Owns: bounds.  Must not know: files, meaning. */
#ifndef KENNEL_BASE_BYTES_H
#define KENNEL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After the first read past the end, bad is true and every read gives 0. */
struct reader {
	const uint8_t *p;
	size_t left;
	bool bad;
};

uint8_t reader_u8(struct reader *r);
uint32_t reader_u32le(struct reader *r);
uint64_t reader_u64le(struct reader *r);
/* A view into the input, or NULL with bad set. */
const uint8_t *reader_bytes(struct reader *r, size_t n);

/* Text into a fixed buffer, always NUL-terminated; full is sticky and nothing is cut in silence. */
struct writer {
	char *p;
	size_t cap;
	size_t len;
	bool full;
};

void writer_init(struct writer *w, char *buf, size_t cap);
void writer_bytes(struct writer *w, const void *p, size_t n);
void writer_str(struct writer *w, const char *s);
void writer_fmt(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes, ASCII only: what is not printable ASCII becomes \uXXXX, and a byte
 * that is not UTF-8 becomes \\ufffd. */
void writer_json_str(struct writer *w, const char *s, size_t n);

/* A growing buffer with a hard cap. Zero-initialise; free with buffer_free_p. */
struct buffer {
	uint8_t *p;
	size_t len;
	size_t cap;
};

/* 0, or -1 when it would exceed max_bytes or memory is out; then nothing was added. */
int buffer_append(struct buffer *b, const void *p, size_t n, size_t max_bytes);
void buffer_drop_front(struct buffer *b, size_t n);
void buffer_free_p(struct buffer *b);

void hex_encode(const uint8_t *p, size_t n, char *ret_hex); /* writes 2n + 1 bytes, lower case */
bool hex_decode(const char *hex, uint8_t *ret,
		size_t n); /* exactly 2n lower-case digits, then NUL */

bool utf8_is_valid(const char *s, size_t n);
/* Printable text for people: valid UTF-8, no control characters, no bidi controls (Trojan Source).
 */
bool text_is_printable(const char *s, size_t n);
/* [A-Za-z0-9][A-Za-z0-9_-]*, shorter than NAME_MAX_BYTES: safe as a folder, cgroup and map name. */
bool name_is_valid(const char *s);
/* Copies when it fits with its NUL, else returns false and leaves the target empty. */
bool copy_str(char *dst, size_t cap, const char *src);

/* Characters of valid UTF-8, and how many of them are not ASCII. */
struct text_size {
	size_t chars;
	size_t wide;
};
struct text_size text_measure(const char *s, size_t n);
/* A string inside a fixed record from another process ends inside its field. */
bool str_ends_inside(const char *field, size_t cap);

#endif
