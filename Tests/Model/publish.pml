/* ork-publish and ork-verify: hand the successor to the targets, and look whether they hold it. */

publish:
    atomic {
        k = file[f].successor;
        if
        :: file[f].isRollingBack -> goto stopped
        :: !file[f].isCreated -> goto stopped
        :: file[f].isCreated && !guard(SETTLED, has(settled, k) || !exists(k)) -> goto stopped
        :: else
        fi;
        /* The probe. It also finds a key that another creator has deleted in the moment in which it was activated. */
        if :: guard(PROBED, has(live, k)) :: else -> goto refused fi;
        t = 0;
        do
        :: t < targets && target[t] == k ->                                 /* unchanged */
            if
            :: !file[f].isWritten[t] ->
                file[f].isWritten[t] = true;
                /* Nobody knows when it was written, so the overlap counts from now on. */
                if :: guard(FIRST_SIGHT, false) -> isLate = file[f].isOverlapped :: else fi;
                noteWrite(f);
                if :: isLate -> file[f].isOverlapped = true; isLate = false :: else fi
            :: else
            fi;
            t++
        :: t < targets && target[t] != k && guard(COMPARED, has(known(f), target[t])) ->
            /* That it has lost the successor is recorded before it is written again. */
            if :: guard(LOSS_RECORDED, false) :: else -> file[f].isWritten[t] = false fi;
            if
            :: true ->                                                      /* committed */
                printf("%d: ork-publish writes key %d\n", me, k);
                write(t, k, f); file[f].isWritten[t] = true; noteWrite(f)
            :: mayBreak                                                      /* rejected */
            :: mayBreak ->                                                   /* unknown, and written */
                printf("%d: ork-publish writes key %d, without an answer\n", me, k);
                write(t, k, f); file[f].isWritten[t] = false
            :: mayBreak ->                                                   /* written, and the process is gone */
                printf("%d: ork-publish writes key %d, and dies\n", me, k);
                write(t, k, f); goto stopped
            fi;
            t++
        :: t < targets && target[t] != k && !guard(COMPARED, has(known(f), target[t])) ->
            file[f].isWritten[t] = false;                                   /* conflict: another rotation's key */
            goto refused
        :: t == targets -> break
        od;
        goto stopped
    };

verify:
    atomic {
        k = file[f].successor;
        if
        :: file[f].isRollingBack -> goto stopped
        :: !file[f].isCreated || !isEverywhere(f) -> goto stopped
        :: else
        fi;
        if
        :: has(live, k) && guard(READ_BACK, hasEverywhere(k)) ->
            printf("%d: ork-verify sees key %d at all targets\n", me, k);
            file[f].isVerified = true; file[f].isFresh = true; file[f].isReleased = true;
            isSeen = hasEverywhere(k);
            restored = 0
        :: else ->
            file[f].isVerified = false; file[f].isFresh = false; file[f].isReleased = false;
            /* In doubt: it is published again. */
            file[f].isWritten[0] = target[0] == k; file[f].isWritten[targets - 1] = target[targets - 1] == k
        fi;
        if :: has(live, k) -> goto stopped :: else -> goto refused fi
    };
