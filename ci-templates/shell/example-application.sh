#!/bin/sh
# A small application: it asks a model again and again, with the key that it finds in its .env each time, and writes
# one line a call. It stands for whatever runs on the key that is being rotated.
#
#   example-application.sh URL ENV_FILE LOG_FILE
set -eu
url=$1 env_file=$2 log=$3
question='{"model":"example/model","messages":[{"role":"user","content":"How are you?"}]}'

while :; do
    key=$(sed -n 's/^OPENROUTER_API_KEY=//p' "$env_file")
    # The key goes to curl through a pipe: everybody on the machine can read a program's arguments.
    status=$(printf 'header = "Authorization: Bearer %s"\n' "$key" |
        curl --silent --config - --output /dev/null --write-out '%{http_code}' --max-time 10 \
            --header 'Content-Type: application/json' --data "$question" "$url/chat/completions") || true
    printf '%s %s\n' "$(date -u +%H:%M:%S)" "$status" >>"$log"
    sleep 0.1
done
