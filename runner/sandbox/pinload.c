/* SPDX-License-Identifier: Apache-2.0 */
/* pinload.c - a BPF object from its bytes to attached and pinned programs.
 * Owns: everything we ask of libbpf's object interface.  Must not know: generations, what is pinned
 * before. */
#include "sandbox/pinload.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

struct pinload {
	struct bpf_object *object;
	char borrowed[PINSET_PATH_MAX]; /* pin of the borrowed map, or "" */
	uint64_t borrowed_id;
};

/* libbpf tells the cause in its log; the first line of a call goes into our error. */
static __thread char first_warning[160];

__attribute__((format(printf, 2, 0))) static int keep_warning(enum libbpf_print_level level,
							      const char *fmt, va_list args)
{
	if (level == LIBBPF_WARN && !first_warning[0]) {
		(void)vsnprintf(first_warning, sizeof(first_warning), fmt, args);
		first_warning[strcspn(first_warning, "\n")] = '\0';
	}
	return 0;
}

/* Before a call of libbpf whose failure bpf_failed reports. */
static void listen_to_libbpf(void)
{
	first_warning[0] = '\0';
	libbpf_set_print(keep_warning);
}

static int bpf_failed(struct err *e, const char *what, const char *name)
{
	return err_sys(e, "%s %s (%s)", what, name, first_warning);
}

static void object_close_p(struct bpf_object **o)
{
	bpf_object__close(*o);
	*o = NULL;
}

static void btf_free_p(struct btf **b)
{
	btf__free(*b);
	*b = NULL;
}

static void link_destroy_p(struct bpf_link **l)
{
	(void)bpf_link__destroy(*l);
	*l = NULL;
}

void pinload_free_p(struct pinload **l)
{
	if (!*l)
		return;
	object_close_p(&(*l)->object);
	free(*l);
	*l = NULL;
}

/* Number of arguments of a kernel function, -1 when the kernel has none of this name. */
static int count_arguments(const struct btf *kernel, const char *function)
{
	int id = btf__find_by_name_kind(kernel, function, BTF_KIND_FUNC);

	if (id < 0)
		return -1;
	return btf_vlen(btf__type_by_id(kernel, btf__type_by_id(kernel, (uint32_t)id)->type));
}

static int select_programs(struct bpf_object *object, const struct pinset_config *c, struct err *e)
{
	CLEANUP(btf_free_p) struct btf *kernel = NULL;
	struct bpf_program *p;
	int n;

	if (!c->optional_count)
		return 0;
	kernel = btf__load_vmlinux_btf();
	if (!kernel)
		return bpf_failed(e, "read", "/sys/kernel/btf/vmlinux");
	for (size_t i = 0; i < c->optional_count; i++) {
		p = bpf_object__find_program_by_name(object, c->optional[i].program);
		if (!p)
			return err_set(e, ERR_INTERNAL, "no program %s", c->optional[i].program);
		n = count_arguments(kernel, c->optional[i].function);
		if (n >= 0 && (c->optional[i].arguments < 0 || c->optional[i].arguments == n) &&
		    bpf_program__set_autoload(p, true) < 0)
			return bpf_failed(e, "select", c->optional[i].program);
	}
	return 0;
}

static int find_borrowed(struct pinload *l, const struct pinset_config *c, struct err *e)
{
	char dir[PINSET_PATH_MAX], name[64];
	struct bpf_map_info info = { 0 };
	uint32_t bytes = sizeof(info);
	CLEANUP_FD int fd = -1;

	if (!c->borrowed_map)
		return 0;
	(void)snprintf(name, sizeof(name), "maps/%s", c->borrowed_map);
	if (pinset_path(dir, c->pin_dir, c->borrowed_from, e) < 0 ||
	    pinset_path(l->borrowed, dir, name, e) < 0)
		return -1;
	fd = bpf_obj_get(l->borrowed);
	if (fd < 0) {
		l->borrowed[0] = '\0';
		return errno == ENOENT ? 0 : err_sys(e, "open map %s", c->borrowed_map);
	}
	if (bpf_obj_get_info_by_fd(fd, &info, &bytes) < 0)
		return err_sys(e, "map %s", c->borrowed_map);
	l->borrowed_id = info.id;
	return 0;
}

int pinload_new(const struct pinset_config *c, struct pinload **ret, struct err *e)
{
	struct bpf_object_open_opts opts;
	CLEANUP(pinload_free_p) struct pinload *l = calloc(1, sizeof(*l));

	memset(&opts, 0, sizeof(opts)); /* libbpf looks at the padding too */
	opts.sz = sizeof(opts);
	opts.object_name = c->name;
	if (!l)
		return err_set(e, ERR_NOMEM, "BPF object");
	listen_to_libbpf();
	l->object = bpf_object__open_mem(c->elf, c->elf_bytes, &opts);
	if (!l->object)
		return bpf_failed(e, "parse object", c->name);
	if (select_programs(l->object, c, e) < 0 || find_borrowed(l, c, e) < 0)
		return -1;
	*ret = take_ptr(l);
	return 0;
}

uint64_t pinload_borrowed_id(const struct pinload *l)
{
	return l->borrowed_id;
}

static int set_rodata(struct bpf_map *map, const struct pinset_config *c, struct err *e)
{
	struct slice_config slice = { .level = c->slice_level,
				      .page_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
				      .cgroup = c->slice_cgroup };
	size_t bytes = 0;

	if (!bpf_map__initial_value(map, &bytes) || bytes != sizeof(slice))
		return err_set(e, ERR_INTERNAL, "%s holds %zu bytes", bpf_map__name(map), bytes);
	if (bpf_map__set_initial_value(map, &slice, sizeof(slice)) < 0)
		return bpf_failed(e, "set", bpf_map__name(map));
	return 0;
}

/* A map that is pinned already keeps its size: its entries live on. */
static int set_size(struct bpf_map *map, const char *pin, const struct pinset_config *c,
		    struct err *e)
{
	const char *name = bpf_map__name(map);
	struct bpf_map_info info = { 0 };
	uint32_t bytes = sizeof(info);
	CLEANUP_FD int fd = bpf_obj_get(pin);

	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &bytes) < 0)
		return err_sys(e, "map %s", name);
	for (size_t i = 0; fd < 0 && i < c->sizes_count; i++)
		if (strcmp(c->sizes[i].map, name) == 0)
			info.max_entries = c->sizes[i].entries;
	if (info.max_entries && bpf_map__set_max_entries(map, info.max_entries) < 0)
		return bpf_failed(e, "size map", name);
	return 0;
}

static int prepare_map(const struct pinload *l, struct bpf_map *map, const struct pinset_config *c,
		       const char *maps_dir, struct err *e)
{
	const char *name = bpf_map__name(map);
	char pin[PINSET_PATH_MAX];

	if (bpf_map__is_internal(map))
		return strstr(name, ".rodata") ? set_rodata(map, c, e) : 0;
	if (c->borrowed_map && strcmp(name, c->borrowed_map) == 0) {
		if (!l->borrowed[0])
			return 0;
		(void)snprintf(pin, sizeof(pin), "%s", l->borrowed);
	} else if (pinset_path(pin, maps_dir, name, e) < 0) {
		return -1;
	}
	if (set_size(map, pin, c, e) < 0)
		return -1;
	if (bpf_map__set_pin_path(map, pin) < 0)
		return bpf_failed(e, "name pin of map", name);
	return 0;
}

static bool is_iterator(const struct bpf_program *p)
{
	return strncmp(bpf_program__section_name(p), "iter", 4) == 0;
}

static bool is_syscall(const struct bpf_program *p)
{
	return bpf_program__type(p) == BPF_PROG_TYPE_SYSCALL;
}

static int program_pin_path(const struct bpf_program *p, const char *dir, char *ret, struct err *e)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%s", bpf_program__name(p),
		       is_iterator(p) ? "_prog" : "");
	return pinset_path(ret, dir, name, e);
}

static int pin_program(struct bpf_program *p, const char *dir, struct err *e)
{
	char path[PINSET_PATH_MAX];

	if (program_pin_path(p, dir, path, e) < 0)
		return -1;
	if (bpf_program__pin(p, path) < 0)
		return bpf_failed(e, "pin program", bpf_program__name(p));
	return 0;
}

static struct bpf_link *attach(struct bpf_program *p, int slice_fd)
{
	union bpf_iter_link_info info = { 0 };
	struct bpf_iter_attach_opts opts;

	memset(&opts, 0, sizeof(opts)); /* libbpf looks at the padding too */
	opts.sz = sizeof(opts);
	opts.link_info = &info;
	opts.link_info_len = sizeof(info);
	if (!is_iterator(p))
		return bpf_program__attach(p);
	info.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
	info.cgroup.cgroup_fd = (uint32_t)slice_fd;
	return bpf_program__attach_iter(p, &opts);
}

static int attach_program(struct bpf_program *p, int slice_fd, const char *dir, struct err *e)
{
	CLEANUP(link_destroy_p) struct bpf_link *link = NULL; /* the pin keeps it */
	char path[PINSET_PATH_MAX];

	if (pinset_path(path, dir, bpf_program__name(p), e) < 0)
		return -1;
	link = attach(p, slice_fd);
	if (!link)
		return bpf_failed(e, "attach", bpf_program__name(p));
	if (bpf_link__pin(link, path) < 0)
		return bpf_failed(e, "pin link", bpf_program__name(p));
	return 0;
}

int pinload_run(struct pinload *l, const struct pinset_config *c, const char *set_dir,
		const char *gen_dir, struct err *e)
{
	char maps_dir[PINSET_PATH_MAX];
	struct bpf_program *p;
	struct bpf_map *map;

	if (pinset_path(maps_dir, set_dir, "maps", e) < 0)
		return -1;
	if ((mkdir(maps_dir, 0700) < 0 && errno != EEXIST) || mkdir(gen_dir, 0700) < 0)
		return err_sys(e, "make %s", gen_dir);
	listen_to_libbpf();
	bpf_object__for_each_map(map, l->object) {
		if (prepare_map(l, map, c, maps_dir, e) < 0)
			return -1;
	}
	if (bpf_object__load(l->object) < 0)
		return bpf_failed(e, "load object", c->name);
	bpf_object__for_each_program(p, l->object) {
		if (!bpf_program__autoload(p))
			continue;
		if ((is_syscall(p) || is_iterator(p)) && pin_program(p, gen_dir, e) < 0)
			return -1;
		if (!is_syscall(p) && attach_program(p, c->slice_fd, gen_dir, e) < 0)
			return -1;
	}
	return 0;
}

bool pinload_is_pinned(const struct pinload *l, const char *gen_dir)
{
	char path[PINSET_PATH_MAX];
	struct bpf_program *p;

	bpf_object__for_each_program(p, l->object) {
		if (!bpf_program__autoload(p))
			continue;
		if (pinset_path(path, gen_dir, bpf_program__name(p), NULL) < 0)
			return false;
		if (!is_syscall(p) && access(path, F_OK) < 0)
			return false;
		if (program_pin_path(p, gen_dir, path, NULL) < 0)
			return false;
		if ((is_syscall(p) || is_iterator(p)) && access(path, F_OK) < 0)
			return false;
	}
	return true;
}
