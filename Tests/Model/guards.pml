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
#define OWN_NAMES 5
#define SETTLED 6
#define PROBED 7
#define COMPARED 8
#define READ_BACK 9
#define HEALTHY 10
#define UNKNOWN_KEY 11
#define NEWER_KEY 12
#define VERIFIED 13
#define FRESH 14
#define OVERLAP 15
#define IN_USE 16
#define QUIET_FOR 17
#define UNMOVED 18
#define HELD 19
#define RELEASED 20
#define NEW_MARK 21
#define SOAKED 22
#define OWN_MARK 23
#define STILL_DISABLED 24
#define NEWER_ROTATION 25
#define ENABLED 26
#define HELD_BACK 27
#define HANDED_OUT 28
#define LOOKED_AGAIN 29
#define WORKS 30
#define LEADS_ON 31
#define FIRST_SIGHT 32
#define LOSS_RECORDED 33
#define STILL_PUT_BACK 34

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
