/* What is outside of ork: the account at OpenRouter, the targets, the applications, and time. */

/* The key that is in use when a run of the model begins. Somebody made it by hand. */
#define FIRST 1

/* OpenRouter's account. A key that is in none of these sets was not made yet, or is deleted. */
byte inactive;                  /* minted: limit 0 and the mark `minting`, given to nobody */
byte live = bit(FIRST);         /* enabled, may spend */
byte disabled;
byte marked;                    /* the name bears the moment of disabling: while enabled, the key is held */
byte made[ROTATIONS + 1];       /* the keys with the id of this rotation in their names */
byte elder[KEYS + 1];           /* the keys that were there when this one was made: created_at */
byte tries;                     /* names given out for keys to be minted */
#define exists(k) has(inactive | live | disabled, k)

byte target[TARGETS];           /* the key that each target holds */

/* Who works with a key. What each has read from its target it goes on using, whatever the target holds now:
 *   STEADY   uses its key at least once in any `quiet_for`,
 *   JOB      is silent for a while, but never longer than `overlap` after it has begun,
 *   SLEEPER  is silent for longer than both, but not longer than `soak`, and so can only be found by disabling its key.
 */
#define STEADY 0
#define JOB 1
#define SLEEPER 2
byte holds[3];                  /* 0: none, a job between two runs */
bool isKnown;                   /* somebody has noticed the sleeper: its key was enabled again for it */
#define place(c) (c == STEADY -> 0 : targets - 1)
#define isHeld(k) (holds[STEADY] == k || holds[JOB] == k || holds[SLEEPER] == k)

bool metersRun;                 /* whether OpenRouter shows the use of keys */
bool isTie;                     /* whether all keys are made within one second: then created_at tells nothing */

/* What time has passed since. A key's soak and settling time belong to the key; the rest belongs to handoffs. */
byte soaked, settled;
/* A target was seen with the successor within `valid_for`: nobody else writes there meanwhile. */
bool isSeen;
bool isGoingBack;               /* somebody has begun a rollback: from then on nobody else writes to targets */

bool isCalm;                    /* from now on nothing breaks, and people do what the messages say */

byte expired;                   /* a successor whose limit is used up, or that has expired: nobody's outage but its own */
byte restored;                  /* enabled again because somebody still needed it, and nothing verified since */

/* No outage: what is disabled or deleted, nobody works with. What was restored stays until the successor is verified. */
inline disable(k) {
    drop(live, k); add(disabled, k); add(marked, k); drop(soaked, k);
    assert(holds[STEADY] != k && holds[JOB] != k);
    assert(holds[SLEEPER] != k || !isKnown);
    assert(!has(restored, k));
    assert(!has(expired, target[0]) && !has(expired, target[targets - 1]))
}

inline delete(k) {
    drop(live, k); drop(disabled, k); drop(inactive, k); drop(marked, k); drop(soaked, k); drop(settled, k);
    assert(!isHeld(k));
    assert(!has(restored, k))                       /* what somebody has restored is not deleted */
}

/* OpenRouter's meters of a key move, and every reading that was made before is one of the past. */
inline use(k) {
    if
    :: metersRun ->
        i = 0;
        do
        :: i < FILES ->
            file[i].moved = file[i].moved | (file[i].read & bit(k));
            file[i].isUsed = file[i].isUsed || k == toBeUsed(i);
            i++
        :: else -> break
        od;
        i = 0
    :: else
    fi
}

/* An application reads its target and works with what it finds there. */
inline takeUp(c) {
    holds[c] = target[place(c)];
    printf("application %d takes up key %d\n", c, holds[c]);
    assert(has(live | expired, holds[c]));        /* no outage: what a target holds works */
    if :: c == SLEEPER -> isKnown = false :: else fi;
    use(holds[c])
}

inline passQuiet() {
    printf("quiet_for passes\n");
    use(holds[STEADY]);
    i = 0;
    do :: i < FILES -> file[i].passed = file[i].read; i++ :: else -> break od;
    i = 0
}

inline passOverlap() {
    printf("overlap passes\n");
    i = 0;
    do :: i < FILES -> file[i].isOverlapped = file[i].isOverlapped || isPlaced(i); i++ :: else -> break od;
    holds[JOB] = 0
}

inline passValidity() {
    printf("valid_for passes\n");
    i = 0;
    do :: i < FILES -> file[i].isFresh = false; i++ :: else -> break od;
    isSeen = false
}
