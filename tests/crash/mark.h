/* SPDX-License-Identifier: Apache-2.0 */
/* mark.h - a call that no kernel has; from it on, calls are counted. */
#ifndef KENNEL_TESTS_CRASH_MARK_H
#define KENNEL_TESTS_CRASH_MARK_H

#define CRASH_MARK 10000

#endif
