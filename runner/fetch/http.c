/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - how kennel-fetch speaks HTTP. */
#include "fetch/http.h"

#include <fcntl.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/confine.h"
#include "base/fd.h"

int http_open(struct err *e)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
		       ? 0
		       : err_set(e, ERR_INTERNAL, "libcurl does not start");
}

int http_confine(int folder, struct err *e)
{
	static const char *const system_folders[] = { "/etc", "/usr", "/run" };
	struct landlock_rule rules[1 + countof(system_folders)];
	int fds[countof(system_folders)], r;
	size_t n = 0;

	if (folder >= 0)
		rules[n++] = (struct landlock_rule){ folder, LANDLOCK_READ | LANDLOCK_WRITE };
	for (size_t i = 0; i < countof(system_folders); i++) {
		fds[i] = open(system_folders[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fds[i] >= 0)
			rules[n++] = (struct landlock_rule){ fds[i], LANDLOCK_READ };
	}
	r = confine_enter(SECCOMP_FETCH, rules, n, e);
	for (size_t i = 0; i < countof(system_folders); i++)
		fd_close_p(&fds[i]);
	return r;
}

int http_set_up(CURL *c, const char *url, char why[CURL_ERROR_SIZE], struct err *e)
{
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(c, CURLOPT_URL, url);
	bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR,
				"https,http"); /* the address says which */
	bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)HTTP_CONNECT_S);
	bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "kennel-fetch");
	bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	return bad == CURLE_OK ? 0 : err_set(e, ERR_INTERNAL, "set up the request");
}
