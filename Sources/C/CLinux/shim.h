#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/memfd.h>

// prctl and syscall are variadic: Swift imports neither.

/// No core dumps of this process, no ptrace and no /proc/PID/mem for others of the same user (prctl(2)).
static inline int ork_linux_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// A file that is only in memory, and -1 if there can be none (memfd_create(2); its declaration hides behind a macro
/// that the module of the C library is built without).
static inline int ork_linux_memory_file(void) { return (int)syscall(SYS_memfd_create, "ork", MFD_CLOEXEC); }
