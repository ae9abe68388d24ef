/* ork-retire: disables and then deletes the predecessors, and ork-retire --restore, which enables them again.
 *
 * One run makes one effect. The reading that permits it and the effect are one moment; only before a deletion the
 * application is asked in between, which takes minutes.
 */

retire:
    atomic {
        if
        :: file[f].isRollingBack -> goto stopped
        :: !file[f].isCreated || file[f].isFinished -> goto stopped
        :: else
        fi;
        if
        :: !guard(HEALTHY, has(live, file[f].successor)) -> goto refused
        :: !guard(UNKNOWN_KEY, (live & ~known(f)) == 0) -> goto refused
        :: !guard(NEWER_KEY, (newerThan(file[f].rotation) & (disabled | expired) & ~known(f)) == 0) -> goto refused
        :: else
        fi;
        k = 1;
        do
        :: k <= KEYS && has(replaces[file[f].rotation] & disabled, k) &&
            guard(VERIFIED, isVerified(f)) ->
            if
            /* Without the mark or our record of it, somebody else has disabled it: it soaks from now on. */
            :: !guard(OWN_MARK, has(marked & file[f].disabled, k)) ->
                printf("%d: ork-retire marks key %d\n", me, k);
                mark(k); drop(soaked, k);
                stopHere();
                add(file[f].disabled, k); goto stopped
            :: guard(OWN_MARK, has(marked & file[f].disabled, k)) && guard(SOAKED, has(soaked, k)) -> goto ask
            :: else -> k++
            fi
        :: k <= KEYS && has(replaces[file[f].rotation] & live, k) ->
            observe(f, k);
            if
            :: guard(HELD, !has(marked, k) || (isAgain && guard(RELEASED, isVerified(f) && file[f].isReleased))) &&
                guard(VERIFIED, isVerified(f)) &&
                guard(FRESH, !file[f].isVerified || file[f].isFresh) && guard(OVERLAP, file[f].isOverlapped) &&
                guard(IN_USE, file[f].isUsed) && isQuiet(f, k) ->
                printf("%d: ork-retire disables key %d\n", me, k);
                disable(k); mark(k);
                stopHere();
                add(file[f].disabled, k); goto stopped
            :: else -> k++
            fi
        :: k <= KEYS && !has(replaces[file[f].rotation] & (live | disabled), k) -> k++
        :: k <= KEYS && has(replaces[file[f].rotation] & disabled, k) &&
            !(guard(VERIFIED, isVerified(f))) -> k++
        :: k > KEYS -> break
        od;
        if
        :: (replaces[file[f].rotation] & (live | disabled)) == 0 && guard(VERIFIED, isVerified(f)) ->
            printf("%d: ork-retire has finished rotation %d\n", me, file[f].rotation);
            file[f].isFinished = true
        :: else
        fi;
        goto stopped
    };

ask:
    atomic {
        if
        :: guard(STILL_DISABLED, has(disabled & marked, k) && has(live, file[f].successor)) ->
            if :: exists(k) -> printf("%d: ork-retire deletes key %d\n", me, k); delete(k) :: else fi
        :: else
        fi;
        goto stopped
    };

restore:
    atomic {
        k = 1;
        do
        :: k <= KEYS && has(replaces[file[f].rotation] & disabled & marked, k) ->
            printf("%d: ork-retire --restore enables key %d\n", me, k);
            enable(k); add(restored, k);
            stopHere();
            drop(file[f].disabled, k)
        :: k <= KEYS && !has(replaces[file[f].rotation] & disabled & marked, k) -> k++
        :: else -> break
        od;
        goto stopped
    };
