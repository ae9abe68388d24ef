/* ork-rollback: the predecessor is in use again at every target, and the successor goes on evidence. */

rollback:
    atomic {
        k = wayBack(replaces[file[f].rotation]);
        other = (file[f].successor != 0 -> file[f].successor : newest(file[f].tried & inactive));
        if
        :: file[f].isFinished && file[f].isRollingBack -> goto stopped
        :: k == 0 -> goto refused                                           /* it is deleted, and with it the way back */
        :: k != 0 && (newerThan(file[f].rotation) & (live | disabled | expired) & ~known(f)) != 0 -> goto refused
        :: k != 0 && !file[f].isCreated && !guard(HANDED_OUT, other == 0 || !has(live | disabled, other)) -> goto refused
        :: else
        fi;
        if :: !file[f].isRollingBack -> printf("%d: ork-rollback begins\n", me) :: else fi;
        file[f].isRollingBack = true; isGoingBack = true;
        file[f].read = file[f].read & ~bit(k);
        /* Nothing to put back: nobody was given the successor. */
        if :: !file[f].isCreated || has(inactive, other) -> goto withdraw :: else fi;
        /* What the targets hold has to work. */
        if
        :: has(disabled, k) && has(marked, k) && !guard(ENABLED, false) ->
            printf("%d: ork-rollback enables key %d\n", me, k);
            enable(k); stopHere(); drop(file[f].disabled, k)
        :: has(disabled, k) && !has(marked, k) -> goto refused
        :: else
        fi
    };

putBack:
    atomic {
        k = wayBack(replaces[file[f].rotation]);
        t = 0;
        do
        :: t < targets && target[t] == k ->
            if
            :: !file[f].isPutBack[t] -> file[f].isPutBack[t] = true; file[f].isWritten[t] = false; noteWrite(f)
            :: else
            fi;
            t++
        :: t < targets && target[t] != k && guard(COMPARED, target[t] == file[f].successor) ->
            if :: guard(LOSS_RECORDED, false) :: else -> file[f].isPutBack[t] = false fi;
            /* It is held from now on: another handoff may say that it can go. */
            if :: guard(HELD_BACK, false) || has(disabled, k) :: else -> mark(k) fi;
            if
            :: true ->
                printf("%d: ork-rollback writes key %d\n", me, k);
                write(t, k, f); file[f].isPutBack[t] = true; file[f].isWritten[t] = false; noteWrite(f)
            :: mayBreak -> goto stopped
            :: mayBreak -> printf("%d: ork-rollback writes key %d, and dies\n", me, k); write(t, k, f); goto stopped
            fi;
            t++
        :: t < targets && target[t] != k && !guard(COMPARED, target[t] == file[f].successor) -> goto refused
        :: t == targets -> break
        od
    };

    /* The applications are asked, which takes minutes; then both keys and the targets are read once more. */
withdraw:
    atomic {
        other = (file[f].successor != 0 -> file[f].successor : newest(file[f].tried & inactive));
        if
        :: !exists(other) -> goto undone
        :: has(inactive, other) ->
            printf("%d: ork-rollback deletes key %d\n", me, other);
            delete(other); goto undone
        :: has(live | disabled, other) && !guard(STILL_PUT_BACK, has(live, k) && (!file[f].isCreated || hasEverywhere(k))) -> goto stopped
        :: else
        fi;
        if
        :: has(disabled, other) && !guard(OWN_MARK, has(marked & file[f].disabled, other)) ->
            mark(other); drop(soaked, other);
            stopHere();
            add(file[f].disabled, other)
        :: has(disabled, other) && guard(OWN_MARK, has(marked & file[f].disabled, other)) && guard(SOAKED, has(soaked, other)) ->
            printf("%d: ork-rollback deletes key %d\n", me, other);
            delete(other)
        :: has(live, other) ->
            observe(f, other);
            if
            :: guard(HELD, !has(marked, other) || isAgain) && isQuiet(f, other) &&
                (!file[f].isCreated || (guard(OVERLAP, file[f].isOverlapped) && guard(IN_USE, file[f].isUsed))) ->
                printf("%d: ork-rollback disables key %d\n", me, other);
                disable(other); mark(other);
                stopHere();
                add(file[f].disabled, other)
            :: else
            fi
        :: else
        fi;
        goto stopped
    };

undone:
    atomic {
        printf("%d: ork-rollback has finished rotation %d\n", me, file[f].rotation);
        marked = marked & ~(replaces[file[f].rotation] & live);
        restored = restored & ~replaces[file[f].rotation];
        stopHere();
        file[f].isFinished = true;
        goto stopped
    };
