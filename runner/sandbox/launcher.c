/* SPDX-License-Identifier: Apache-2.0 */
/* launcher.c - kenneld's life: boot as a table of steps, the loop, the end. */
#include "sandbox/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/fd.h"
#include "sandbox/caps.h"
#include "sandbox/host.h"
#include "sandbox/idmap.h"
#include "sandbox/iolimit.h"
#include "sandbox/kernel.h"
#include "sandbox/leftovers.h"
#include "sandbox/mounts.h"
#include "sandbox/selftest.h"
#include "sandbox/storage.h"

enum {
	FILES_WANTED = 16384,		/* INSTANCES_MAX jails hold about ten descriptors each */
	ANSWER_BUFFER_BYTES = 16 << 20, /* usage of INSTANCES_MAX instances in one go */
	ANSWER_S_MAX = 2,		/* a supervisor that does not read for so long is gone */
	STOP_TICK_MS = 50,
};

/* Is this degradation accepted? Then it is said, each time; else e stands, with the word that would
 * accept it. */
static int accept_or_fail(struct launcher *l, enum degradation d, struct err *e)
{
	struct err why = *e;

	if (!(l->ceiling.accept & (1u << d)))
		return err_set(e, why.code, "%s; or accept \"%s\" in the configuration", why.text,
			       degradation_name(d));
	l->in_force |= 1u << d;
	l->options.note(LOG_WARN, "running without a protection, as the configuration accepts", e);
	memset(e, 0, sizeof(*e));
	return 0;
}

static int boot_process(struct launcher *l, struct err *e)
{
	struct rlimit files;
	ssize_t n;
	char *slash;

	if (geteuid() != 0)
		return err_set(e, ERR_UNSUPPORTED, "kenneld must be started by root");
	if (fds_reserve(e) < 0)
		return -1;
	if (setgroups(0, NULL) < 0) /* jails inherit them, and cannot drop them any more */
		return err_sys(e, "setgroups");
	(void)umask(022);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_WANTED) {
		files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
		(void)setrlimit(RLIMIT_NOFILE,
				&files); /* fewer: fewer instances, with an error that says so */
	}
	n = readlink("/proc/self/exe", l->bin_dir, sizeof(l->bin_dir) - 1);
	if (n < 0)
		return err_sys(e, "read /proc/self/exe");
	l->bin_dir[n] = '\0';
	slash = strrchr(l->bin_dir, '/');
	if (!slash || (size_t)n == sizeof(l->bin_dir) - 1)
		return err_set(e, ERR_LIMIT, "the path of this program is too long");
	*slash = '\0';
	/* Before any folder is opened: a clone of a mount must come from the own namespace. */
	return mounts_private(e);
}

bool launcher_lacks(const struct launcher *l, enum degradation d)
{
	return (l->in_force & (1u << d)) != 0;
}

static int boot_proc(struct launcher *l, struct err *e)
{
	struct statfs fs;

	l->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	l->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (l->proc_fd < 0 || l->null_fd < 0)
		return err_sys(e, "open /proc and /dev/null");
	if (fstatfs(l->proc_fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, ERR_UNSUPPORTED, "/proc is no proc file system");
	return 0;
}

static int boot_ceiling(struct launcher *l, struct err *e)
{
	if (roles_read_ceiling(l, e) < 0 ||
	    launcher_check_ids(&l->ceiling, l->options.role_uid_base, e) < 0)
		return -1;
	for (uint32_t i = 0; i < l->ceiling.tenant_count; i++) {
		l->vault_fds[i] = state_open_vault(&l->ceiling.tenants[i], e);
		if (l->vault_fds[i] < 0)
			return -1;
	}
	return 0;
}

/* One launcher a slice: the second would take the first one's plugins for leftovers. */
static int boot_cgroups(struct launcher *l, struct err *e)
{
	bool without_ok = l->ceiling.accept & (1u << ACCEPT_NO_CGROUP);
	struct err stuck = { 0 };
	int swept;

	if (cgroup_tree_open(l->ceiling.cgroup, without_ok, &l->tree, e) < 0)
		return e->code == ERR_NO_CGROUP ? accept_or_fail(l, ACCEPT_NO_CGROUP, e) : -1;
	if (flock(l->tree.plugins_fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, ERR_EXISTS, "another kenneld serves the cgroup %s",
			       l->ceiling.cgroup);
	if (!cgroup_has_all(&l->tree) && accept_or_fail(l, ACCEPT_NO_CGROUP, e) < 0)
		return -1;
	swept = cgroup_sweep(l->tree.plugins_fd, &l->has_leftovers, e);
	if (swept < 0)
		return err_wrap(e, "what an earlier kenneld left");
	if (swept > 0)
		l->options.note(LOG_WARN, "ended and removed what an earlier kenneld left", NULL);
	if (l->has_leftovers) {
		(void)err_set(&stuck, ERR_TIMEOUT, "below the cgroup %s", l->ceiling.cgroup);
		l->options.note(
			LOG_ERROR,
			"killed what an earlier kenneld left, but the kernel has not let go of it",
			&stuck);
	}
	return 0;
}

static int boot_folders(struct launcher *l, struct err *e)
{
	char at[HOST_PATH_MAX + 8];

	if (state_open(&l->ceiling, &l->ids, &l->dirs, e) < 0 || leftovers_give_back(l, e) < 0)
		return -1;
	l->run_fd = state_open_run(l->options.run_dir, e);
	if (l->run_fd < 0)
		return -1;
	l->control_fd = state_listen(l->run_fd, l->options.run_dir, l->ids.supervisor, e);
	if (l->control_fd < 0)
		return -1;
	(void)snprintf(at, sizeof(at), "%s/" RUN_DEV, l->options.run_dir);
	l->dev_fd = mounts_devices(at, e);
	if (l->dev_fd < 0)
		return -1;
	/* Jails are assembled over the working directory, so that no path is looked up for it. */
	(void)snprintf(at, sizeof(at), "%s/" RUN_JAIL, l->options.run_dir);
	return chdir(at) < 0 ? err_sys(e, "chdir %s", at) : 0;
}

static int boot_kernel(struct launcher *l, struct err *e)
{
	int r = kernel_has_basics(l->proc_fd, l->tree.plugins_fd, l->ceiling.plugin_uid_base, e);

	idmap_forget_all();
	if (r < 0 || seed_open(&l->seed, l->proc_fd, e) < 0)
		return -1;
	if (landlock_abi(e) < 0 && accept_or_fail(l, ACCEPT_NO_LANDLOCK, e) < 0)
		return -1;
	/* Not a reason to stay down: most plugins write no data, and those that do are refused. */
	if (storage_is_bounded(l->dirs.data_fd, e) < 0)
		(void)accept_or_fail(l, ACCEPT_NO_STORAGE_QUOTA, e);
	memset(e, 0, sizeof(*e));
	return 0;
}

/* In ENFORCE with no label at all, and functional, not only loaded: guard_probe. */
static int open_guard(struct launcher *l, struct err *e)
{
	const struct guard_config c = { .pin_dir = l->options.bpffs,
					.slice_level = l->tree.plugins_level,
					.slice_cgroup = l->tree.plugins_id };

	if (guard_available(e) < 0 || guard_open(&c, &l->guard, e) < 0)
		return -1;
	if (guard_probe(l->guard, l->tree.plugins_fd, e) < 0) {
		guard_close_p(&l->guard);
		return -1;
	}
	return guard_reconcile(l->guard, NULL, NULL, e) < 0 ? -1 : 0;
}

static int open_meter(struct launcher *l, struct err *e)
{
	const struct meter_config c = { .pin_dir = l->options.bpffs,
					.slice_level = l->tree.plugins_level,
					.slice_cgroup = l->tree.plugins_id,
					.slice_fd = l->tree.plugins_fd };

	if (meter_open(&c, &l->meter, e) < 0)
		return -1;
	return meter_reconcile(l->meter, e) < 0 ? -1 : 0;
}

static int accept_no_guard(struct launcher *l, struct err *e)
{
	if (launcher_lacks(l, ACCEPT_NO_LANDLOCK))
		return err_set(
			e, ERR_NO_BPF_LSM,
			"no BPF LSM and no Landlock: nothing here holds the rules for files; "
			"one of the two is needed, whatever the configuration accepts");
	return accept_or_fail(l, ACCEPT_NO_BPF_LSM, e);
}

static int boot_bpf(struct launcher *l, struct err *e)
{
	if (l->tree.plugins_fd < 0) /* no cgroup v2 at all: nothing to key a policy by */
		return (void)err_set(e, ERR_NO_BPF_LSM, "no cgroup v2, so no guard and no meter"),
		       accept_no_guard(l, e);
	if (open_guard(l, e) < 0 && (e->code != ERR_NO_BPF_LSM || accept_no_guard(l, e) < 0))
		return -1;
	if (open_meter(l, e) < 0) {
		if (l->guard) /* a host that can guard can meter: something is wrong */
			return -1;
		return accept_no_guard(l, e);
	}
	return 0;
}

/* For the supervisor: what is accepted and not needed here is no degradation. */
static int boot_sealed_ceiling(struct launcher *l, struct err *e)
{
	struct ceiling sealed = l->ceiling;
	int fd = memfd_create("ceiling", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	sealed.accept = l->in_force;
	l->ceiling_fd = fd;
	if (fd < 0 || fd_write_all(fd, &sealed, sizeof(sealed)) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_sys(e, "sealed copy of the ceiling");
	return 0;
}

static int boot_images(struct launcher *l, struct err *e)
{
	return images_open(l->ceiling.images, l->images, e);
}

static int boot_disks(struct launcher *l, struct err *e)
{
	if (iolimit_find(l, e) < 0 && accept_or_fail(l, ACCEPT_NO_IO_LIMIT, e) < 0)
		return -1;
	/* Not a reason to stay down: whoever has no files rule in that vault does not read it. */
	if (iolimit_find_vaults(l, e) < 0 && accept_or_fail(l, ACCEPT_NO_IO_LIMIT, e) < 0)
		l->options.note(LOG_WARN, "no plugin with a files rule in this vault will start",
				e);
	memset(e, 0, sizeof(*e));
	return 0;
}

static int boot_table(struct launcher *l, struct err *e)
{
	l->instances = calloc(INSTANCES_MAX, sizeof(*l->instances));
	if (!l->instances)
		return err_set(e, ERR_NOMEM, "table of instances");
	return l->has_leftovers ? leftovers_adopt(l, e) : 0;
}

static int boot_roles(struct launcher *l, struct err *e)
{
	struct timeval t = { .tv_sec = ANSWER_S_MAX };
	int size = ANSWER_BUFFER_BYTES;

	if (roles_start_audit(l, e) < 0 || roles_start_supervisor(l, e) < 0)
		return -1;
	if (setsockopt(l->request_sock, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) < 0)
		return err_sys(e, "SO_SNDTIMEO");
	(void)setsockopt(l->request_sock, SOL_SOCKET, SO_SNDBUFFORCE, &size,
			 sizeof(size)); /* speed only */
	return 0;
}

static int boot_confine(struct launcher *l, struct err *e)
{
	(void)l;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "prctl");
	return caps_keep_launcher(e);
}

static void on_stop_signal(void *arg, int sig)
{
	struct launcher *l = arg;

	(void)sig;
	l->options.note(LOG_INFO, "asked to end; ending all plugins", NULL);
	launcher_stop(l, 0);
}

static void on_tick(void *arg)
{
	struct launcher *l = arg;
	size_t left = instances_tick(l);

	if (l->state != LAUNCHER_STOPPING)
		return;
	if (left == 0 || clock_mono_ms() > l->stop_until_ms)
		loop_stop(l->loop, left == 0 ? l->exit_status : 125);
	else
		(void)loop_arm(l->tick, STOP_TICK_MS, NULL);
}

static int boot_loop(struct launcher *l, struct err *e)
{
	if (loop_new(&l->loop, e) < 0 ||
	    loop_add_signal(l->loop, SIGTERM, on_stop_signal, l, e) < 0 ||
	    loop_add_signal(l->loop, SIGINT, on_stop_signal, l, e) < 0 ||
	    loop_add_timer(l->loop, on_tick, l, &l->tick, e) < 0 ||
	    netns_serve(&l->seed.net, l->loop, e) < 0 || roles_watch(l, e) < 0 ||
	    loop_add_fd(l->loop,
			&(struct loop_watch){ l->request_sock, EPOLLIN, requests_on_record, l },
			&l->request_source, e) < 0)
		return -1;
	if (l->guard && loop_add_fd(l->loop,
				    &(struct loop_watch){ guard_events_fd(l->guard), EPOLLIN,
							  requests_on_refusals, l },
				    NULL, e) < 0)
		return -1;
	if (l->meter && loop_add_fd(l->loop,
				    &(struct loop_watch){ meter_events_fd(l->meter), EPOLLIN,
							  requests_on_budgets, l },
				    NULL, e) < 0)
		return -1;
	return l->has_leftovers ? loop_arm(l->tick, 1, e) : 0;
}

/* Loading the BPF objects needs many megabytes for a moment. What is not given back is copied for
 * each jail, and torn down there when it executes its process 1. */
static int boot_memory(struct launcher *l, struct err *e)
{
	(void)l;
	(void)e;
	(void)malloc_trim(0);
	return 0;
}

/* Nothing is served by a host where a jail's own process 1 gets through anywhere. */
static int boot_selftest(struct launcher *l, struct err *e)
{
	struct selftest_report r;
	char said[96];

	if (selftest_run(l, &r, e) < 0 || selftest_verdict(&r, e) < 0)
		return -1;
	(void)snprintf(said, sizeof(said), "selftest: %u jails, %u tries, %u refused, %u accepted",
		       r.jails, r.jails * SELFTEST_TRIES, r.jails * SELFTEST_TRIES - r.accepted,
		       r.accepted);
	l->options.note(LOG_INFO, said, NULL);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct launcher *l, struct err *e);
} boot_steps[] = {
	{ "process", boot_process },
	{ "proc", boot_proc },
	{ "configuration", boot_ceiling }, /* before anything else believes a path or an id */
	{ "cgroups", boot_cgroups },	   /* ends what an earlier launcher left */
	{ "folders", boot_folders },
	{ "kernel", boot_kernel },
	{ "guard", boot_bpf }, /* enforces from here on, without us too */
	{ "images", boot_images },
	{ "disks", boot_disks },	   /* every folder that a jail may see is open */
	{ "ceiling", boot_sealed_ceiling }, /* after what decides which degradations are in force */
	{ "table", boot_table },
	{ "roles", boot_roles },
	{ "loop", boot_loop },
	{ "confine",
	  boot_confine }, /* requests are served with the few capabilities that are left */
	{ "memory", boot_memory },
	{ "selftest", boot_selftest }, /* last: jails exactly as plugins will have them */
};

int launcher_boot(const struct launcher_options *o, struct launcher **ret, struct err *e)
{
	CLEANUP(launcher_free_p) struct launcher *l = calloc(1, sizeof(*l));
	struct err why = { 0 };

	if (!l)
		return err_set(e, ERR_NOMEM, "launcher");
	l->options = *o;
	l->ids = role_ids_from(o->role_uid_base);
	l->dirs = (struct state_dirs){ -1, -1, -1, -1, -1 };
	l->tree.root_fd = l->tree.daemon_fd = l->tree.images_fd = l->tree.plugins_fd = -1;
	for (size_t i = 0; i < IMAGE_COUNT; i++)
		l->images[i] = (struct image){ -1, -1 };
	for (size_t i = 0; i < TENANTS_MAX; i++)
		l->vault_fds[i] = -1;
	for (size_t i = 0; i < ROLES_MAX; i++)
		l->roles[i].pidfd = -1;
	seed_init(&l->seed);
	l->dev_fd = l->proc_fd = l->run_fd = l->null_fd = l->control_fd = l->ceiling_fd = -1;
	l->request_sock = l->audit_admin = -1;
	for (size_t i = 0; i < countof(boot_steps); i++)
		if (boot_steps[i].run(l, &why) < 0) {
			if (e)
				*e = why;
			return err_wrap(e, "boot %s", boot_steps[i].name);
		}
	*ret = take_ptr(l);
	return 0;
}

int launcher_serve(struct launcher *l, struct err *e)
{
	return loop_run(l->loop, e);
}

void launcher_free_p(struct launcher **l)
{
	struct launcher *x = *l;

	if (!x)
		return;
	roles_end(x);
	if (x->run_fd >= 0)
		(void)unlinkat(x->run_fd, "control.sock", 0);
	guard_close_p(&x->guard);
	meter_close_p(&x->meter);
	seed_close(&x->seed);
	loop_free_p(&x->loop);
	images_close(x->images);
	idmap_forget_all();
	for (size_t i = 0; i < TENANTS_MAX; i++)
		fd_close_p(&x->vault_fds[i]);
	state_close(&x->dirs);
	cgroup_tree_close(&x->tree);
	int *const fds[] = { &x->dev_fd,  &x->proc_fd,	  &x->run_fd,
			     &x->null_fd, &x->control_fd, &x->ceiling_fd };
	for (size_t i = 0; i < countof(fds); i++)
		fd_close_p(fds[i]);
	free(x->instances);
	free(x);
	*l = NULL;
}
