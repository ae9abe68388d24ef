# shellcheck shell=sh disable=SC2034,SC2154
# Whose turn it is in a rotation. To be sourced by step.sh, whose variables these functions read and set.

# What the records in these handoffs (options) say: whose turn it is, of which rotation, their head, and which waves a
# deployment has to take up: "first" or "rest" until they are verified, then "none".
look() {
    turn=create rotation='' head='' deploy=none
    [ "$#" != 0 ] || return 0
    picture=$(ork-status --json "$@")
    said=$(printf '%s' "$picture" | jq -r '
        (if .past_first_wave then "-rest" else "" end) as $rest
        | def gate($step; $turn): if .approved | index($step) then $turn else "approve-" + $step end;
        [
            if .next == null then "done"
            elif .next == "ork-create" then "create"
            elif .next == "ork-retire" then gate("retire"; "retire")
            elif .next == "ork-publish" and .past_first_wave then gate("publish"; "publish-rest")
            else .next[4:] + $rest end, .rotation, .head,
            if .next != "ork-verify" or .state == "verified" or .state == "retiring" then "none"
            elif .past_first_wave then "rest"
            else "first" end
        ] | join(" ")')
    read -r turn rotation head deploy <<SAID
$said
SAID
}

# In a fleet: what ork-due said holds only as far as it is still true.
obey_fleet() {
    case ${ORK_DUE_ACTION:-} in
    '') return 0 ;;
    resume) ORK_BEGIN=false ;;
    # Only a handoff that was looked for and is not there is lost; a finished one is of the rotation before.
    supersede)
        if [ -n "${ORK_HANDOFF_TOKEN:-}" ] && { [ -z "$loaded" ] || [ "$turn" = "done" ]; }; then
            ORK_SUPERSEDE=true
        else
            ORK_BEGIN=false
        fi
        ;;
    esac
    if [ "${ORK_BEGIN:-true}" != false ]; then
        # Another run may have rotated it since, and create is the first job that can ask OpenRouter.
        if [ "$mine" = create ] && { [ "$turn" = create ] || [ "$turn" = "done" ]; } && ! is_due_key_in_use; then
            echo "ork: $ORK_ROTATION has another key by now than when it was due, so none is minted" >&2
            ORK_BEGIN=false ORK_SUPERSEDE=false
        fi
    elif [ "$mine" = check ] && { [ -z "$loaded" ] || [ "$turn" = "done" ]; }; then
        echo "ork: error: $ORK_ROTATION was under way, and no handoff of that is here" >&2
        echo 'ork: hint: if it has not finished meanwhile, start a new rotation: ORK_SUPERSEDE=true, or the workflow with supersede' >&2
        [ -z "${GITHUB_ACTIONS:-}" ] ||
            echo "::warning title=ork::$ORK_ROTATION was under way, and no handoff of that is here"
        status=75
    fi
}

# Whether the key in use is still the one for which a fleet's rotation was called due.
# shellcheck disable=SC2016 # $key is jq's.
is_due_key_in_use() { is_found 'any(.[][]; (.hash // "") == $key)'; }

is_due() { is_found '.due != []'; }

# Whether a condition holds for what ork-due finds out about this rotation; $key in it is the fleet's key.
is_found() {
    due=$(ork-due --rotation "$ORK_ROTATION" --json) || exit
    printf '%s' "$due" | jq -e --arg key "${ORK_DUE_KEY:-}" "$1" >/dev/null
}

# Whether this job is one of an older pipeline that is run again: what it was to begin has begun since.
refuse_again() {
    [ "$mine" = create ] && [ -n "${ORK_SEEN:-}" ] && [ -n "$loaded" ] && [ "$rotation" != "$ORK_SEEN" ] || return 0
    # It continues what it began itself.
    ORK_SUPERSEDE=false
    [ "$turn" = "done" ] || return 0
    echo "ork: error: $rotation has begun and finished since this pipeline looked" >&2
    echo 'ork: hint: nothing was changed; to begin another rotation, start a new run of the pipeline' >&2
    exit 65
}

# Whether a rotation begins, continues, or is not this job's to touch.
decide() {
    if [ "${ORK_SUPERSEDE:-}" = true ] && { [ "$mine" = check ] || [ "$mine" = create ]; }; then
        loaded='' turn=create
        [ "$mine" = check ] || anew=--supersede
        return 0
    fi
    [ -z "${ORK_ROTATION_ID:-}" ] || return 0
    # The finished rotation stays where it is saved; the next one begins with nothing.
    if [ "$turn" = "done" ]; then loaded='' turn=create; fi
    if [ -z "$loaded" ]; then
        case ${ORK_BEGIN:-true}/$mine in
        false/*) turn="done" ;;
        # The management key that ork-due needs is not for the job that checks.
        due/create) is_due || turn="done" ;;
        esac
    fi
    # A job of an old pipeline must not take up, or approve, a rotation that it has never heard of.
    case $mine in check | create) ;; *) loaded='' turn=none ;; esac
}
