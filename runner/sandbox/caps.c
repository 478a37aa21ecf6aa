/* SPDX-License-Identifier: Apache-2.0 */
/* caps.c - capabilities (capabilities(7), libcap). */
#include "sandbox/caps.h"

#include <linux/securebits.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "base/cleanup.h"

#define LOCKED_BITS                                                                              \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                         \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static void cap_free_p(cap_t *c)
{
	if (*c)
		(void)cap_free(*c);
}

static bool is_kept(const cap_value_t *keep, int n, int cap)
{
	for (int i = 0; i < n; i++)
		if (keep[i] == cap)
			return true;
	return false;
}

static int keep_only(const cap_value_t *keep, int n, struct err *e)
{
	CLEANUP(cap_free_p) cap_t c = cap_init(); /* empty */

	if (!c)
		return err_set(e, ERR_NOMEM, "capabilities");
	if (cap_reset_ambient() < 0)
		return err_sys(e, "ambient capabilities");
	for (int cap = 0; cap < (int)cap_max_bits(); cap++)
		if (!is_kept(keep, n, cap) && cap_drop_bound(cap) < 0)
			return err_sys(e, "bounding capability %d", cap);
	if (n > 0 && (cap_set_flag(c, CAP_PERMITTED, n, keep, CAP_SET) < 0 ||
		      cap_set_flag(c, CAP_EFFECTIVE, n, keep, CAP_SET) < 0))
		return err_sys(e, "capability flags");
	if (cap_set_proc(c) < 0)
		return err_sys(e, "capset");
	return 0;
}

int caps_drop_all(struct err *e)
{
	if (prctl(PR_SET_SECUREBITS, LOCKED_BITS, 0, 0, 0) < 0)
		return err_sys(e, "securebits");
	return keep_only(NULL, 0, e);
}

int caps_keep_launcher(struct err *e)
{
	static const cap_value_t keep[] = {
		CAP_SYS_ADMIN,  /* mounts, BPF maps and iterators, id maps of jails */
		CAP_SYS_CHROOT, /* seed.c */
		CAP_SETUID,    /* roles get their own ids; a jail's uid_map */
		CAP_SETGID,    /* the same for groups */
		CAP_CHOWN,     /* a plugin's data folder, the compiler's output folder */
		CAP_DAC_READ_SEARCH, /* the store belongs to the supervisor, vaults to their tenants
				      */
		CAP_KILL,	     /* roles have other ids, and are ended with the launcher */
	};

	return keep_only(keep, (int)countof(keep), e);
}
