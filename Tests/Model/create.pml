/* ork-create: mints the successor, records it, and activates it. */

create:
    if
    :: file[f].rotation == 0 -> goto begin
    :: file[f].isRollingBack || file[f].isCreated -> goto stopped      /* nothing to do */
    :: else -> goto resume
    fi;

begin:
    atomic {
        if :: rotations == rotationsToBegin - !isCalm || tries == keys - !isCalm -> goto stopped :: else fi;    /* bounds */
        k = newest(live);
        if
        :: isSuperseding && (live | (disabled & marked)) != 0 -> wanted = live | (disabled & marked)
        /* One live key, and nothing else that a rotation has left. A key that is being minted is waited for: an hour. */
        :: !isSuperseding && k != 0 && guard(UNDER_WAY, isOne(live) && (disabled & marked) == 0) &&
            (inactive == 0 || isCalm) -> wanted = bit(k)
        :: else -> goto refused
        fi;
        rotations++;
        replaces[rotations] = wanted; wanted = 0;
        file[f].rotation = rotations;
        file[f].abandons = inactive;
        tries++; k = tries;
        add(file[f].tried, k)
    };
    stopHere();

    /* What others have minted and left is deleted first, so that it does not win against this rotation's own key. */
abandon:
    atomic {
        other = newest(file[f].abandons & (inactive | live | disabled));
        drop(file[f].abandons, other);
        if :: other != 0 -> after = ABANDON; goto discard :: else fi
    };

mint:
    atomic {
        elder[k] = inactive | live | disabled;
        add(inactive, k); add(made[file[f].rotation], k);
        printf("%d: ork-create mints key %d of rotation %d\n", me, k, file[f].rotation);
        /* A lost reply, or the end of the process: the key is there, and nothing is recorded. */
        if :: true :: mayBreak -> printf("%d: the answer is lost\n", me); goto stopped fi;
        file[f].successor = k
    };

    /* Of several creators one goes on: the one whose key was made first. */
listed:
    atomic {
        k = file[f].successor;
        other = inactive & ~bit(k) & (isTie -> 255 : elder[k]);
        if
        :: (live & ~known(f)) == 0 && other == 0 -> goto activate
        :: guard(RIVAL, false) -> other = 0; goto activate
        :: else
        fi;
        if
        :: (live & ~known(f)) == 0 && isCalm ->                 /* an hour old: a dead run has left it */
            other = newest(other); after = LISTED
        :: (live & ~known(f)) == 0 && !isCalm && isTie && other < bit(k) ->
            /* Of the same second, the lower hash waits for the others to go. It is the one with the higher number. */
            if
            :: true -> other = 0; if :: guard(TIE, false) -> goto activate :: else -> goto listed fi
            :: true -> other = k; after = GAVE_WAY
            fi
        :: else -> other = k; after = GAVE_WAY
        fi;
        goto discard
    };

activate:
    atomic {
        if
        :: has(inactive, k) ->
            assert((live & ~known(f)) == 0);            /* one successor: nobody else has activated one */
            drop(inactive, k); add(live, k);
            printf("%d: ork-create activates key %d\n", me, k)
        :: !has(inactive, k) && exists(k)
        :: else -> file[f].successor = 0; goto stopped      /* 404: another run has deleted it, which is recorded */
        fi;
        stopHere();
        file[f].isCreated = true;
        goto stopped
    };

resume:
    atomic {
        k = file[f].successor;
        other = newest(file[f].abandons & (inactive | live | disabled));
        if
        :: !exists(newest(replaces[file[f].rotation])) -> goto refused
        :: else
        fi;
        if
        :: other != 0 -> drop(file[f].abandons, other); after = RESUME; goto discard
        :: other == 0 && has(inactive, k) -> goto listed
        /* No mark any more: it was activated, and only the record of that is missing. */
        :: other == 0 && has(live | disabled, k) -> file[f].isCreated = true; goto stopped
        :: else -> file[f].successor = 0
        fi;
        /* Another run of this rotation was faster: the key's plaintext is in its handoff. */
        if :: (made[file[f].rotation] & (live | disabled)) != 0 -> goto refused :: else fi;
        other = newest(file[f].tried & inactive);
        if :: other != 0 -> after = RESUME; goto discard :: else -> other = 0 fi;
        if :: tries == keys - !isCalm -> goto stopped :: else fi;
        tries++; k = tries;
        add(file[f].tried, k)
    };
    stopHere();
    goto mint;

    /* Deletes a key that nobody was given. It is looked at once more directly before; OpenRouter cannot delete on a
       condition, so its owner may activate it in that very moment. */
discard:
    atomic {
        if
        :: guard(NEVER_HANDED_OUT, has(inactive, other)) && exists(other) -> add(discarding, me)
        :: else -> goto discarded
        fi
    };
    atomic {
        drop(discarding, me);
        if
        :: exists(other) -> printf("%d: ork-create deletes key %d\n", me, other); delete(other)
        :: else
        fi;
        stopHere()
    };
discarded:
    atomic {
        other = 0;
        if
        :: after == ABANDON -> after = 0; goto abandon
        :: after == RESUME -> after = 0; goto resume
        :: after == LISTED -> after = 0; goto listed
        :: else -> after = 0; file[f].successor = 0; goto refused
        fi
    };
