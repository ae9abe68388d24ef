/* What people do when nothing breaks any more: they go on with one of the files that they have, however old it is, by the
 * command that it leads to. Where a step says that only a new rotation leads on, they begin one with `--supersede`.
 * A circle here is a run that never comes to an end: the checker finds it as a non-progress cycle.
 */
follow:
    atomic {
        if :: holds[STEADY] != target[place(STEADY)] -> takeUp(STEADY) :: else fi;
        if :: jobs && holds[JOB] != target[place(JOB)] -> takeUp(JOB) :: else fi;
        if :: sleepers && holds[SLEEPER] != target[place(SLEEPER)] -> takeUp(SLEEPER) :: else fi;
        settled = live | disabled; soaked = marked;
        passQuiet(); passOverlap();
        if
        :: file[followed].isFinished && !file[followed].isRollingBack -> goto end
        :: isLost || (file[followed].isFinished && file[followed].isRollingBack) -> lose(followed); isLost = false
        :: else
        fi;
        if :: file[followed].rotation == 0 && isAtEnd -> goto end :: else fi;
        f = followed; k = file[f].successor;
        if
        :: file[f].rotation == 0 -> isSuperseding = true; goto create
        :: file[f].isRollingBack -> isAgain = true; goto rollback
        :: file[f].rotation != 0 && !file[f].isRollingBack && !file[f].isCreated -> goto create
        :: else
        fi;
        if
        :: !isEverywhere(f) || !hasEverywhere(k) -> goto publish
        :: isEverywhere(f) && hasEverywhere(k) && !(file[f].isVerified && file[f].isFresh && file[f].isReleased) -> goto verify
        :: else -> isAgain = true; goto retire
        fi
    };

    /* One live key, every other one gone, and everyone has it. */
end:
    atomic {
        printf("done\n");
        assert(isAtEnd);
        assert((inactive & file[followed].tried) == 0);         /* no orphan: what it has tried to mint is gone, too */
        isDone = true;
        goto over
    };
