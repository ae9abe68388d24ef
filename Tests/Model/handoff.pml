/* Handoffs: files with the records of a rotation, as far as a step decides by them.
 *
 * A run of a step works with one file, which it locks. Any file can be copied over another one at any moment, so that
 * an earlier handoff comes back, or two jobs go on from the same; and it can be lost.
 */
typedef Handoff {
    byte rotation;              /* the number of the rotation; 0: there is no such file */
    byte tried;                 /* `intended`: keys that were to be minted, known by the names they were to get */
    byte abandons;              /* `intended`: keys that others left unactivated, and that are to be deleted */
    byte successor;             /* `minted` */
    bool isCreated;             /* `created` */
    bool isWritten[TARGETS];    /* `committed`, `unchanged`: the target holds the successor */
    bool isVerified;            /* `verified`, of all targets, since they were written */
    byte read;                  /* `observed`: the meters of these keys were read */
    byte disabled;              /* `disabled`: these were disabled, and not restored since */
    bool isRollingBack;         /* `rolling_back` */
    bool isPutBack[TARGETS];    /* `rolled_back` */
    bool isFinished;            /* `finished` */
    /* No records, but how the world has gone on since records were written. */
    byte moved;                 /* these keys were used since their meters were read */
    byte passed;                /* `quiet_for` is over since the meters of these were read */
    bool isUsed;                /* the key that applications are to use was used since it was written */
    bool isOverlapped;          /* `overlap` is over since the last write */
    bool isFresh;               /* the verification is not older than `valid_for` */
    bool isReleased;            /* it is later than every mark that holds a key */
}
Handoff file[FILES];
byte busy;                      /* the files that a step has locked */
byte rotations;                 /* how many have begun */
byte replaces[ROTATIONS + 1];   /* the header: the predecessors of each */

byte i;                         /* 0 but within one moment */

/* The key that applications are to use at the end of a rotation, or of its way back. */
#define toBeUsed(f) (file[f].isRollingBack -> wayBack(replaces[file[f].rotation]) : file[f].successor)
/* Of several predecessors the newest that is there. */
#define wayBack(set) newest((set) & (inactive | live | disabled))
#define newest(set) (has(set, 5) -> 5 : (has(set, 4) -> 4 : (has(set, 3) -> 3 : (has(set, 2) -> 2 : has(set, 1)))))
/* The keys of rotations that began after this one. */
#define newerThan(r) ((r < 1 -> made[1] : 0) | (r < 2 -> made[2] : 0) | (r < 3 && ROTATIONS > 2 -> made[ROTATIONS] : 0))
#define known(f) (replaces[file[f].rotation] | bit(file[f].successor))

inline copy(from, to) {
    file[to].rotation = file[from].rotation; file[to].tried = file[from].tried;
    file[to].abandons = file[from].abandons; file[to].successor = file[from].successor;
    file[to].isCreated = file[from].isCreated; file[to].isVerified = file[from].isVerified;
    file[to].read = file[from].read; file[to].disabled = file[from].disabled;
    file[to].isRollingBack = file[from].isRollingBack; file[to].isFinished = file[from].isFinished;
    file[to].moved = file[from].moved; file[to].passed = file[from].passed; file[to].isUsed = file[from].isUsed;
    file[to].isOverlapped = file[from].isOverlapped; file[to].isFresh = file[from].isFresh;
    file[to].isReleased = file[from].isReleased;
    i = 0;
    do
    :: i < TARGETS ->
        file[to].isWritten[i] = file[from].isWritten[i]; file[to].isPutBack[i] = file[from].isPutBack[i];
        i++
    :: else -> break
    od;
    i = 0
}

inline lose(f) {
    file[f].rotation = 0; file[f].tried = 0; file[f].abandons = 0; file[f].successor = 0; file[f].isCreated = false;
    file[f].isVerified = false; file[f].read = 0; file[f].disabled = 0; file[f].isRollingBack = false;
    file[f].isFinished = false; file[f].moved = 0; file[f].passed = 0; file[f].isUsed = false;
    file[f].isOverlapped = false; file[f].isFresh = false; file[f].isReleased = false;
    i = 0;
    do :: i < TARGETS -> file[f].isWritten[i] = false; file[f].isPutBack[i] = false; i++ :: else -> break od;
    i = 0
}

#define isPlaced(f) (file[f].isWritten[0] || file[f].isPutBack[0])

/* A target is written. The overlap starts over for every other copy, too: that is an assumption, see README.md. */
inline write(t, k, f) {
    target[t] = k;
    i = 0;
    do :: i < FILES -> file[i].isOverlapped = file[i].isOverlapped && (i == f || !jobs); i++ :: else -> break od;
    i = 0
}

/* What a write that is recorded makes void. */
inline noteWrite(f) {
    file[f].isVerified = false; file[f].isFresh = false; file[f].isReleased = false; file[f].isUsed = false;
    file[f].isOverlapped = !jobs
}

/* A key gets a mark with this moment: what was verified before does not release it. */
inline mark(k) {
    add(marked, k);
    i = 0;
    do :: i < FILES -> file[i].isReleased = false; i++ :: else -> break od;
    i = 0
}

/* The meters of a key are read, unless they stand where the last reading left them. */
inline observe(f, k) {
    if
    :: has(file[f].read, k) && guard(UNMOVED, !has(file[f].moved, k))
    :: else -> add(file[f].read, k); drop(file[f].moved, k); drop(file[f].passed, k)
    fi
}
#define isQuiet(f, k) guard(QUIET_FOR, has(file[f].passed, k))
