#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// prctl and syscall are variadic, and vfork returns twice: Swift imports none of them.

/// Orphans below this process become its children, not init's (prctl(2)). Survives execve, is not passed on by fork.
static inline int ork_process_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

/// A descriptor that becomes readable when the process ends, and -1 before Linux 5.3 (pidfd_open(2)).
static inline int ork_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

/// Signals the very process behind the descriptor, whoever has its number by now (pidfd_send_signal(2)).
static inline int ork_process_signal(int descriptor, int number) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, number, (void *)0, 0);
}

/// Whether this process ignores a signal, as nohup(1) has it do, and a shell for what it runs in the background.
static inline int ork_process_ignores(int number) {
    struct sigaction action;
    return sigaction(number, 0, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Starts a program as the leader of a session of its own and as the reaper of its orphans; -1 and errno if it cannot
/// be executed.
///
/// `descriptors` become its 0, 1, 2 and 3; a negative one stays as it is, but for 3, which is then closed, as all above
/// it are. It has no signal blocked, ignored or handled. With `dies_with_us` it is killed when the thread that called this is
/// gone, as after SIGKILL. posix_spawn(3) cannot make it a subreaper.
__attribute__((noinline, unused)) static pid_t ork_process_start(
    const char *file, char *const arguments[], char *const environment[], const char *directory,
    const int descriptors[4], int dies_with_us) {
    sigset_t every, before;
    sigfillset(&every);
    // A handler of ours must not run in the child, which shares our memory until it executes the program.
    pthread_sigmask(SIG_SETMASK, &every, &before);
    volatile int failure = 0;
    pid_t parent = getpid();
    pid_t process = vfork();
    if (process == 0) {
        int high[4];
        for (int i = 0; i < 4; i++) {
            // Out of the way of 0 to 3, which they may be themselves.
            high[i] = descriptors[i] < 0 ? -1 : fcntl(descriptors[i], F_DUPFD_CLOEXEC, 4);
            if (descriptors[i] >= 0 && high[i] < 0) goto failed;
        }
        close(3);
        for (int i = 0; i < 4; i++)
            if (high[i] >= 0 && dup2(high[i], i) < 0) goto failed;
        // Where the kernel has it (5.11), what a library opened without O_CLOEXEC is not inherited either.
        syscall(SYS_close_range, 4, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
        if (setsid() < 0 || ork_process_become_subreaper() != 0) goto failed;
        if (dies_with_us) {
            prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
            // Before that was set, nobody told of the parent's death.
            if (getppid() != parent) _exit(127);
        }
        if (directory && chdir(directory) != 0) goto failed;
        struct sigaction standard = {.sa_handler = SIG_DFL};
        for (int number = 1; number < NSIG; number++) sigaction(number, &standard, 0);
        sigset_t none;
        sigemptyset(&none);
        pthread_sigmask(SIG_SETMASK, &none, 0);
        execve(file, arguments, environment);
    failed:
        failure = errno;
        _exit(127);
    }
    if (process < 0) failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, 0);
    if (failure != 0) {
        if (process > 0) waitpid(process, 0, 0);
        errno = failure;
        return -1;
    }
    return process;
}
