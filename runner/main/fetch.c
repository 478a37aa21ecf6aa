/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - kennel-fetch: gets the revocation list and puts it where the supervisor reads it; and,
 * as "kennel-fetch --serve", asks language models for a broker (fetch/serve.h). Owns: the network,
 * and exactly one file. Believes nothing: the list is signed, and the loader reads it.
 * Must not know: plugins, vaults. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/log.h"
#include "fetch/http.h"
#include "fetch/serve.h"
#include "policy/hostconf.h"

#define DEFAULT_CONFIG "/etc/kennel/kennel.json"
#define DEFAULT_UID 64103u
#define LIST_NAME "revocations"
/* Every list begins so; the page of a captive portal does not, and replaces nothing. */
#define LIST_START "{\"_type\":\"kennel.revocations/1\","

enum { TOTAL_S = 60 };

static const char help[] =
	"Usage: kennel-fetch [OPTION]...\n"
	"\n"
	"Gets the signed revocation list from the address in the configuration, for kennel trust fetch and\n"
	"kennel-trust-fetch.timer. Started by root it becomes a user of its own before it reads anything.\n"
	"\n"
	"  --config FILE  the host's configuration (" DEFAULT_CONFIG ")\n"
	"  --uid N        the user and group it becomes (64103)\n"
	"  --serve        started by kenneld with its descriptors: the way of a broker to language models\n"
	"  -h, --help     this text\n"
	"\n"
	"Exit status: 0 it is there; 2 wrong usage; 12 the configuration; 13 the network or the disk.\n";

struct fetch {
	const char *config;
	uid_t uid;
	int config_fd;
	int folder; /* where the list goes */
	struct ceiling ceiling;
	struct buffer body;
};

/* ---- who it is ---- */

static int become(const struct fetch *f, struct err *e)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(f->uid, f->uid, f->uid) < 0 ||
	    setresuid(f->uid, f->uid, f->uid) < 0)
		return err_sys(e, "become user %u", f->uid);
	return 0;
}

static int open_config(const char *path, struct err *e)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 022))
		return err_set(e, ERR_CONFIG, "%s can be written by others: chmod go-w", path);
	return take_fd(fd);
}

static int read_config(struct fetch *f, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	char path[2 * HOST_PATH_MAX];

	if (fs_read_fd(f->config_fd, CONFIG_FILE_MAX, &text, e) < 0 ||
	    hostconf_parse((const char *)text.p, text.len, &f->ceiling, e) < 0)
		return err_wrap(e, "%s", f->config);
	if (!f->ceiling.revocations.url[0])
		return err_set(e, ERR_CONFIG, "%s: no /revocations/url to fetch from", f->config);
	(void)snprintf(path, sizeof(path), "%s/fetch", f->ceiling.state);
	if (f->ceiling.revocations.folder[0])
		(void)snprintf(path, sizeof(path), "%s", f->ceiling.revocations.folder);
	f->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->folder < 0 ? err_sys(e, "open %.160s", path) : 0;
}

/* ---- the network ---- */

static size_t on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct buffer *body = arg;

	return buffer_append(body, p, size * n, STATEMENT_MAX) < 0 ? 0 : size * n;
}

static int set_up(CURL *c, struct fetch *f, char why[CURL_ERROR_SIZE], struct err *e)
{
	CURLcode bad = CURLE_OK;

	if (http_set_up(c, f->ceiling.revocations.url, why, e) < 0)
		return -1;
	bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)TOTAL_S);
	bad |= curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)STATEMENT_MAX);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, &f->body);
	return bad == CURLE_OK ? 0 : err_set(e, ERR_INTERNAL, "set up the request");
}

static int get(CURL *c, struct fetch *f, struct err *e)
{
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode r;

	if (set_up(c, f, why, e) < 0)
		return -1;
	r = curl_easy_perform(c);
	if (r == CURLE_WRITE_ERROR || r == CURLE_FILESIZE_EXCEEDED)
		return err_set(e, ERR_LIMIT, "the answer is larger than %u bytes", STATEMENT_MAX);
	if (r != CURLE_OK)
		return err_set(e, ERR_IO, "%s", why[0] ? why : curl_easy_strerror(r));
	if (curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status != 200)
		return err_set(e, ERR_IO, "the server answered with status %ld", status);
	if (f->body.len < strlen(LIST_START) ||
	    memcmp(f->body.p, LIST_START, strlen(LIST_START)) != 0)
		return err_set(e, ERR_IO, "what the server sent is no revocation list");
	return 0;
}

static int run(struct fetch *f, struct err *e)
{
	CURL *c = NULL;
	int r = -1;

	f->config_fd = open_config(f->config, e);
	if (f->config_fd < 0 || become(f, e) < 0 || read_config(f, e) < 0)
		return -1;
	if (http_open(e) < 0)
		return -1;
	c = curl_easy_init();
	if (!c)
		return err_set(e, ERR_NOMEM, "libcurl");
	if (http_confine(f->folder, e) == 0 && get(c, f, e) == 0)
		r = fs_write_atomic(f->folder, LIST_NAME, f->body.p, f->body.len, 0644, e);
	curl_easy_cleanup(c);
	return r < 0 ? err_wrap(e, "fetch") : 0;
}

static void note_trouble(const char *model, const char *why, const char *said)
{
	log_line(LOG_WARN, "a model did not answer", "model", model, "why", why, "server", said,
		 (char *)NULL);
}

static int parse(int argc, char **argv, struct fetch *f)
{
	static const struct option options[] = { { "config", required_argument, NULL, 'c' },
						 { "uid", required_argument, NULL, 'u' },
						 { "serve", no_argument, NULL, 's' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	char *end;
	int o;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (o == 'h')
			return 1;
		if (o == 's')
			return argc == 2 ? 2 : -1;
		if (o == 'c') {
			f->config = optarg;
			continue;
		}
		if (o != 'u')
			return -1;
		f->uid = (uid_t)strtoul(optarg, &end, 10);
		if (*optarg < '1' || *optarg > '9' || *end)
			return -1;
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	static struct fetch f = {
		.config = DEFAULT_CONFIG, .uid = DEFAULT_UID, .config_fd = -1, .folder = -1
	};
	struct err e = { 0 };
	int r;

	log_init("fetch", LOG_INFO);
	r = parse(argc, argv, &f);
	if (r == 2) {
		r = serve(note_trouble, &e);
		if (r < 0)
			log_err(LOG_ERROR, "the way to models ended", &e);
		return r < 0 ? err_exit_status(e.code) : 0;
	}
	if (r != 0) {
		(void)fputs(help, r > 0 ? stdout : stderr);
		return r > 0 ? 0 : err_exit_status(ERR_USAGE);
	}
	r = run(&f, &e);
	buffer_free_p(&f.body);
	if (r < 0)
		log_err(LOG_ERROR, "no revocation list", &e);
	return r < 0 ? err_exit_status(e.code) : 0;
}
