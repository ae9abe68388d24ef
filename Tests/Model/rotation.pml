/* A model of the rotation, for `spin`. README.md is the way in. */
#define KEYS 5          /* at the most; the settings below say how many of them and of the rest a configuration has */
#define ROTATIONS 3
#define FILES 2
#define TARGETS 2

/* A configuration: what there is, and what may happen. check.sh sets them by environment variables of these names. */
byte keys, rotationsToBegin, targets, runners;
byte copies, lostReplies, jobs, sleepers, restores, rollbacks, reverts, hands, expiries, stops, ties;

/* A key is a number from 1 to KEYS; a set of keys is a byte with a bit for each. */
#define bit(k) (1 << (k))
#define has(set, k) (((set) >> (k)) & 1)
#define add(set, k) set = set | bit(k)
#define drop(set, k) set = set & ~bit(k)
#define isOne(set) ((set) != 0 && ((set) & ((set) - 1)) == 0)

#include "guards.pml"
#include "handoff.pml"
#include "world.pml"

#define isEverywhere(f) (file[f].isWritten[0] && file[f].isWritten[targets - 1])
#define hasEverywhere(k) (target[0] == k && target[targets - 1] == k)

/* A step ends here, unless it goes on: the process dies. Everything before has happened. */
#define stopHere() if :: true :: mayBreak -> goto stopped fi

#define isVerified(f) (file[f].isVerified && isEverywhere(f))
/* One live key, every other one gone, and everyone has it. */
#define isAtEnd (isOne(live) && (disabled & marked) == 0 && hasEverywhere(newest(live)) && \
    holds[STEADY] == newest(live) && (!sleepers || holds[SLEEPER] == newest(live)))

inline enable(k) {
    drop(disabled, k); add(live, k); drop(soaked, k);
    if :: guard(NEW_MARK, false) :: else -> mark(k) fi;
    if :: holds[SLEEPER] == k -> isKnown = true :: else fi
}

/* How much may still happen before all is calm, where that is bounded: the shortest way to a fault is found first. */
byte budget;
#define mayBreak (!isCalm && lostReplies != 0)
#define mayHappen (!isCalm && budget > 0)
inline happen() { if :: budget != 255 -> budget-- :: else fi }

/* Nothing breaks any more, and what has to do with that is forgotten. Any one of the files is left. */
inline becomeCalm() {
    printf("all is calm\n");
    isCalm = true; metersRun = true; isTie = false; isSeen = false; reverts = 0; hands = 0; expiries = 0; budget = 255;
    select(followed : 0 .. FILES - 1);
    f = 0;
    do
    :: f < FILES && (f != followed || file[f].isFinished) -> lose(f); f++
    :: f < FILES && f == followed && !file[f].isFinished -> f++
    :: f == FILES -> f = 0; break
    od
}

mtype { ABANDON, RESUME, LISTED, GAVE_WAY };
byte discarding;

bool isLost;        /* the messages lead nowhere but to a new rotation that takes in all keys */
byte followed;      /* the file that people go on with in the end */
bool isDone;

/* Runs steps, one after the other: any step with any file at any moment, until all is calm. Then the first runner goes
 * on with one file, as its messages say.
 */
proctype Runner(byte me) {
    byte f, k, other, wanted, t;
    mtype after;
    bool isSuperseding, isAgain, isLate;
    goto choose;

refused:
    isLost = isCalm;
stopped:
    atomic {
        drop(busy, f); drop(discarding, me);
        f = 0; k = 0; other = 0; wanted = 0; t = 0; after = 0; isSuperseding = false; isAgain = false
    };
choose:
    if
    :: atomic {
        mayHappen -> happen();
        select(f : 0 .. FILES - 1);
        if :: has(busy, f) -> f = 0; goto choose :: else -> add(busy, f) fi;
        if
        :: goto create
        :: file[f].rotation == 0 -> isSuperseding = true; goto create
        :: file[f].rotation != 0 -> goto publish
        :: file[f].rotation != 0 -> goto verify
        :: file[f].rotation != 0 -> isAgain = false; goto retire
        :: file[f].rotation != 0 && !isKnown -> isAgain = true; goto retire
        :: file[f].rotation != 0 && restores -> goto restore
        :: file[f].rotation != 0 && rollbacks -> isAgain = false; goto rollback
        :: file[f].rotation != 0 && rollbacks && !isKnown -> isAgain = true; goto rollback
        fi }
    :: atomic { isCalm && me == 0 && !isDone -> goto follow }
    :: isCalm && me != 0 -> goto over
    :: isDone -> goto over
    fi;

#include "follow.pml"
#include "create.pml"
#include "publish.pml"
#include "retire.pml"
#include "rollback.pml"

over:
    skip
}

/* Whatever happens besides, at any moment: applications, time, files, and somebody else's hand. */
proctype World() {
    byte f, g;
progress:
    do
    :: atomic { mayHappen && holds[STEADY] != target[place(STEADY)] -> happen(); takeUp(STEADY) }
    :: atomic { mayHappen && jobs && holds[JOB] != target[place(JOB)] -> happen(); takeUp(JOB) }
    :: atomic { mayHappen && sleepers && holds[SLEEPER] != target[place(SLEEPER)] -> happen(); takeUp(SLEEPER) }
    :: d_step { mayHappen -> happen(); passQuiet() }
    :: d_step { mayHappen && jobs -> happen(); passOverlap() }
    :: d_step { mayHappen && reverts != 0 -> happen(); passValidity() }
    /* Whoever looked for an unactivated key has deleted it by then. */
    :: d_step { mayHappen && discarding == 0 && settled != (live | disabled) -> happen(); settled = live | disabled; printf("settle passes\n") }
    /* Who was silent for longer has noticed by then, and has got another key. */
    :: d_step { mayHappen && soaked != marked && !has(disabled, holds[SLEEPER]) -> happen(); soaked = marked; printf("soak passes\n") }
    :: atomic {
        mayHappen && reverts > 0 && !isSeen && !isGoingBack && has(live, FIRST) -> happen();
        select(f : 0 .. targets - 1);
        target[f] = FIRST; reverts--;
        printf("somebody puts key %d back at target %d\n", FIRST, f); f = 0 }
    /* Somebody disables the first key by hand: it bears no mark, or an old one. */
    :: atomic {
        mayHappen && hands != 0 && has(live, FIRST) && live != bit(FIRST) && holds[STEADY] != FIRST && holds[JOB] != FIRST &&
        target[0] != FIRST && target[targets - 1] != FIRST -> happen();
        hands--; drop(live, FIRST); drop(restored, FIRST); add(disabled, FIRST); printf("somebody disables key %d\n", FIRST) }
    /* A successor stops working by itself, while there is another key that works. */
    :: atomic {
        mayHappen && expiries != 0 && !isOne(live) -> happen();
        expiries--; f = newest(live); drop(live, f); add(expired, f); printf("key %d expires\n", f); f = 0 }
    :: atomic {
        mayHappen -> happen();
        select(f : 0 .. FILES - 1); select(g : 0 .. FILES - 1);
        if
        :: copies && f != g && !has(busy, g) && file[f].rotation != 0 -> printf("handoff %d is copied to %d\n", f, g); copy(f, g)
        :: f == g && !has(busy, g) && file[f].rotation != 0 -> printf("handoff %d is lost\n", f); lose(f)
        :: else
        fi;
        f = 0; g = 0 }
    :: atomic { !isCalm && busy == 0 -> becomeCalm() }
    :: isCalm -> break
    od
}

init {
    atomic {
        c_code {
            withoutGuard = setting("WITHOUT", 0); now.budget = setting("MOVES", 255);
            now.keys = setting("KEYS", 3); now.rotationsToBegin = setting("ROTATIONS", 2);
            now.targets = setting("TARGETS", 1); now.runners = setting("RUNNERS", 1);
            now.copies = setting("COPIES", 0); now.lostReplies = setting("LOST_REPLIES", 0);
            now.jobs = setting("JOBS", 0); now.sleepers = setting("SLEEPERS", 0); now.restores = setting("RESTORES", 0);
            now.rollbacks = setting("ROLLBACKS", 0); now.reverts = setting("REVERTS", 0);
            now.hands = setting("HANDS", 0); now.expiries = setting("EXPIRIES", 0);
            now.stops = setting("STOPS", 0); now.ties = setting("TIES", 0);
        };
        tries = FIRST;
        target[0] = FIRST; target[targets - 1] = FIRST;
        holds[STEADY] = FIRST; holds[JOB] = jobs * FIRST; holds[SLEEPER] = sleepers * FIRST;
        metersRun = true;
        if :: true :: stops -> metersRun = false fi;
        if :: true :: ties -> isTie = true fi;
        run World();
        run Runner(0);
        if :: runners > 1 -> run Runner(1) :: else fi
    }
}
