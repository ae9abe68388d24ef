#pragma once
#include <sys/prctl.h>

// prctl is variadic, which Swift does not import.

/// No core dumps of this process, no ptrace and no /proc/PID/mem for others of the same user (prctl(2)).
static inline int ork_linux_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
