#!/bin/bash
# A careful rotation by hand, with curl and jq: what ork is measured beside. Its argument is the key's name; the target is
# NAME.env. The secrets stay out of argv, and the file is replaced at once.
set -euo pipefail

name=$1
umask 077
manage() { curl -sSf --config curl.conf -X "$1" "$OPENROUTER_BASE_URL$2" "${@:3}"; }

old=$(manage GET /keys | jq -er --arg name "$name" '[.data[] | select(.name == $name and (.disabled | not))][0].hash')
made=$(jq -n --arg name "$name" '{name: $name}' | manage POST /keys --json @-)
new=$(jq -er .data.hash <<<"$made")
key=$(jq -er .key <<<"$made")
probe() { printf 'header = "authorization: Bearer %s"\n' "$1" | curl -sSf --config - "$OPENROUTER_BASE_URL/key" >/dev/null; }
probe "$key"
while IFS= read -r line; do
    [[ $line != OPENROUTER_API_KEY=* ]] || line=OPENROUTER_API_KEY=$key
    printf '%s\n' "$line"
done <"$name.env" >"$name.env.new"
sync "$name.env.new"
mv "$name.env.new" "$name.env"
held=$(sed -n 's/^OPENROUTER_API_KEY=//p' "$name.env")
[ "$held" = "$key" ]
probe "$held"
manage GET "/keys/$new" | jq -e '.data.disabled | not' >/dev/null
jq -n '{disabled: true}' | manage PATCH "/keys/$old" --json @- >/dev/null
manage GET "/keys/$new" | jq -e '.data.disabled | not' >/dev/null
manage DELETE "/keys/$old" >/dev/null
