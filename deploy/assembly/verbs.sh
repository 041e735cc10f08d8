#!/usr/bin/env bash
# Runs every verb that starts with the engine's jars alone (assembly/folder.xml) on the bundled base: a class that they lack fails the build.
# verbs.sh DISTRIBUTION FOLDER; what a failing verb printed stays in FOLDER/output.
set -euo pipefail
livegraft=$1/bin/livegraft
base=$1/base/$(ls "$1/base")
folder=$2
export LIVEGRAFT_CLASS_CACHE=off XDG_CACHE_HOME=$folder/cache
rm -rf "$folder"
mkdir -p "$folder"
printf '{"prompt":"Which colour has the sky?","completion":" Blue."}\n' >"$folder/examples.jsonl"
printf 'Once upon a time there was a sky.\n' >"$folder/text"

run() {
    "$livegraft" "$@" </dev/null >"$folder/output" 2>&1 || {
        echo "livegraft $1 fails with the engine's jars alone:" >&2
        cat "$folder/output" >&2
        exit 1
    }
}

run generate --base "$base" --prompt "Once upon" --max-tokens 2
run train --base "$base" --data "$folder/examples.jsonl" --out "$folder/adapter" --steps 2
run eval --base "$base" --adapter "$folder/adapter" --text "$folder/text"
run quantize --base "$base" --out "$folder/quantized"
