/* The guards of the protocol: what a step demands before it does something.
 *
 * A condition stands in the model as guard(NAME, condition). The checker is told by the environment variable WITHOUT,
 * a number of this list, which one to leave out: that is a mutant, and has to break a property. README.md says which
 * line of the code is which guard.
 */
#define UNDER_WAY 1
#define RIVAL 2
#define TIE 3
#define NEVER_HANDED_OUT 4
#define SETTLED 5
#define PROBED 6
#define COMPARED 7
#define READ_BACK 8
#define HEALTHY 9
#define UNKNOWN_KEY 10
#define NEWER_KEY 11
#define VERIFIED 12
#define FRESH 13
#define OVERLAP 14
#define IN_USE 15
#define QUIET_FOR 16
#define UNMOVED 17
#define HELD 18
#define RELEASED 19
#define NEW_MARK 20
#define SOAKED 21
#define OWN_MARK 22
#define STILL_DISABLED 23
#define ENABLED 24
#define HELD_BACK 25
#define HANDED_OUT 26
#define FIRST_SIGHT 27
#define LOSS_RECORDED 28
#define STILL_PUT_BACK 29

c_decl {
\#include <stdlib.h>
    int withoutGuard;
    static int setting(const char *name, int otherwise) {
        const char *value = getenv(name);
        return value ? atoi(value) : otherwise;
    }
};
/* It is compared in C so that one compiled checker serves for all mutants. */
#define guard(name, condition) (c_expr { withoutGuard == name } || (condition))
