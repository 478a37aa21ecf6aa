/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.c - bounded reading and writing with a sticky error.
 * Owns: bounds.  Must not know: files, meaning. */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

const uint8_t *reader_bytes(struct reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > r->left) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	r->left -= n;
	return p;
}

static uint64_t reader_le(struct reader *r, size_t n)
{
	const uint8_t *p = reader_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = n; p && i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)reader_le(r, 1);
}

uint32_t reader_u32le(struct reader *r)
{
	return (uint32_t)reader_le(r, 4);
}

uint64_t reader_u64le(struct reader *r)
{
	return reader_le(r, 8);
}

void writer_init(struct writer *w, char *buf, size_t cap)
{
	*w = (struct writer){ .p = buf, .cap = cap };
	if (cap)
		buf[0] = '\0';
	else
		w->full = true;
}

void writer_bytes(struct writer *w, const void *p, size_t n)
{
	if (w->full || n >= w->cap - w->len) {
		w->full = true;
		return;
	}
	memcpy(w->p + w->len, p, n);
	w->len += n;
	w->p[w->len] = '\0';
}

void writer_str(struct writer *w, const char *s)
{
	writer_bytes(w, s, strlen(s));
}

void writer_fmt(struct writer *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (w->full)
		return;
	va_start(ap, fmt);
	n = vsnprintf(w->p + w->len, w->cap - w->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= w->cap - w->len) {
		w->p[w->len] = '\0';
		w->full = true;
		return;
	}
	w->len += (size_t)n;
}

/* Decodes one code point; returns its length, or 0 for a byte that starts none (RFC 3629). */
static size_t utf8_decode(const uint8_t *s, size_t n, uint32_t *ret_cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;
	uint32_t cp;

	if (s[0] < 0x80) {
		*ret_cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	cp = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (s[i] & 0x3fu);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*ret_cp = cp;
	return len;
}

static void writer_json_char(struct writer *w, uint32_t cp)
{
	static const char short_escape[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
					     ['\r'] = 'r', ['"'] = '"',	 ['\\'] = '\\' };

	if (cp < sizeof(short_escape) && short_escape[cp])
		writer_fmt(w, "\\%c", short_escape[cp]);
	else if (cp >= 0x20 && cp < 0x7f)
		writer_fmt(w, "%c", (char)cp);
	else if (cp < 0x10000)
		writer_fmt(w, "\\u%04x", cp);
	else
		writer_fmt(w, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10),
			   0xdc00 + ((cp - 0x10000) & 0x3ff));
}

void writer_json_str(struct writer *w, const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;

	writer_str(w, "\"");
	while (n > 0) {
		uint32_t cp = 0xfffd;
		size_t len = utf8_decode(p, n, &cp);

		writer_json_char(w, len ? cp : 0xfffd);
		p += len ? len : 1;
		n -= len ? len : 1;
	}
	writer_str(w, "\"");
}

int buffer_append(struct buffer *b, const void *p, size_t n, size_t max_bytes)
{
	if (n > max_bytes || b->len > max_bytes - n)
		return -1;
	if (b->len + n > b->cap) {
		size_t cap = b->cap ? b->cap : 4096;
		uint8_t *grown;

		while (cap < b->len + n)
			cap *= 2;
		grown = realloc(b->p, cap);
		if (!grown)
			return -1;
		b->p = grown;
		b->cap = cap;
	}
	if (n)
		memcpy(b->p + b->len, p, n);
	b->len += n;
	return 0;
}

void buffer_drop_front(struct buffer *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n && b->len > n)
		memmove(b->p, b->p + n, b->len - n);
	b->len -= n;
}

void buffer_free_p(struct buffer *b)
{
	free(b->p);
	*b = (struct buffer){ 0 };
}

void hex_encode(const uint8_t *p, size_t n, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		ret_hex[2 * i] = digits[p[i] >> 4];
		ret_hex[2 * i + 1] = digits[p[i] & 15];
	}
	ret_hex[2 * n] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(const char *hex, uint8_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(hex[2 * i]);
		int lo = hi < 0 ? -1 : hex_digit(hex[2 * i + 1]);

		if (lo < 0)
			return false;
		ret[i] = (uint8_t)(hi << 4 | lo);
	}
	return hex[2 * n] == '\0';
}

bool utf8_is_valid(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	uint32_t cp;

	while (n > 0) {
		size_t len = utf8_decode(p, n, &cp);

		if (!len)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

/* Unicode bidirectional controls reorder what a person reads (CVE-2021-42574). */
static bool cp_is_printable(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return false;
	if (cp == 0x200e || cp == 0x200f || cp == 0x061c || cp == 0xfeff)
		return false;
	return !(cp >= 0x2028 && cp <= 0x202e) && !(cp >= 0x2066 && cp <= 0x2069);
}

bool text_is_printable(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	uint32_t cp;

	while (n > 0) {
		size_t len = utf8_decode(p, n, &cp);

		if (!len || !cp_is_printable(cp))
			return false;
		p += len;
		n -= len;
	}
	return true;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool name_is_valid(const char *s)
{
	size_t n = strnlen(s, NAME_MAX_BYTES);

	if (n == 0 || n >= NAME_MAX_BYTES || !is_alnum(s[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_alnum(s[i]) && s[i] != '_' && s[i] != '-')
			return false;
	return true;
}

struct text_size text_measure(const char *s, size_t n)
{
	struct text_size size = { 0 };

	for (size_t i = 0; i < n; i++) {
		size.chars += ((unsigned char)s[i] & 0xc0) != 0x80;
		size.wide += (unsigned char)s[i] >= 0xc0;
	}
	return size;
}

bool copy_str(char *dst, size_t cap, const char *src)
{
	size_t n = strnlen(src, cap);

	if (n >= cap) {
		dst[0] = '\0';
		return false;
	}
	memcpy(dst, src, n + 1);
	return true;
}

bool str_ends_inside(const char *field, size_t cap)
{
	return strnlen(field, cap) < cap;
}
