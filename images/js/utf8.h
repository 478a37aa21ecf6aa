/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - UTF-8 and UTF-16, each from the other; what is broken becomes U+FFFD.
 * Owns: both directions.  Must not know: the engine. */
#ifndef KENNEL_JS_UTF8_H
#define KENNEL_JS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both are to be freed; NULL: no memory. One U+FFFD for each longest beginning of a character that
 * does not go on, as the Encoding standard has it. */
uint16_t *utf8_to_utf16(const uint8_t *p, size_t n, size_t *ret_n, bool *ret_broken);
uint8_t *utf8_from_utf16(const uint16_t *p, size_t n, size_t *ret_n);

#endif
