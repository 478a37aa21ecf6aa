/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - how kennel-fetch speaks HTTP: to the address it was given and nowhere else, verified,
 * with nothing of this host's user. Owns: those settings, and what it may open.  Must not know:
 * why. Source: libcurl's curl_easy_setopt(3). */
#ifndef KENNEL_FETCH_HTTP_H
#define KENNEL_FETCH_HTTP_H

#include <curl/curl.h>

#include "base/err.h"

#define HTTP_CONNECT_S 15

/* Before anything else of libcurl. */
int http_open(struct err *e);
/* What a name and a certificate take, to read; folder, to write (-1: none); nothing else. After
 * http_open, which reads the rest of what it needs. */
int http_confine(int folder, struct err *e);
/* No redirect, no proxy, no netrc, TLS 1.2 at least. why is kept for as long as c is used. */
int http_set_up(CURL *c, const char *url, char why[CURL_ERROR_SIZE], struct err *e);

#endif
