#!/bin/sh
# Records what an agent keeps on its disk: `record.sh FOLDER COMMAND...`, where COMMAND is an agent's program. It writes the snapshot, the key
# ring and the tags of a member of three that was killed, after events, a query, a key that was installed and used, and tags that were set.
set -e
folder=$1
shift
mkdir -p "$folder"
echo '["T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s="]' > "$folder/keyring.json"
chmod 600 "$folder/keyring.json"
host=127.0.0.93
agent() {
  name=$1
  shift
  "$@" agent -node="$name" -bind="$host:1794$number" -rpc-addr="$host:1737$number" $flags > /dev/null 2>&1 &
}
number=1 flags="-keyring-file=$folder/keyring.json -snapshot=$folder/snapshot -tags-file=$folder/tags.json"
agent kept "$@"
kept=$!
sleep 2
cp "$folder/keyring.json" "$folder/other.json"
cp "$folder/keyring.json" "$folder/third.json"
number=2 flags="-keyring-file=$folder/other.json -join=$host:17941 -tag=role=web"
agent other "$@"
other=$!
number=3 flags="-keyring-file=$folder/third.json -join=$host:17941"
agent third "$@"
third=$!
sleep 3
rpc="-rpc-addr=$host:17371"
"$@" tags "$rpc" -set role=db -set "zone=Zürich 1" > /dev/null
"$@" event "$rpc" deploy v1 > /dev/null
"$@" event "$rpc" deploy v2 > /dev/null
"$@" query "$rpc" load > /dev/null
"$@" keys "$rpc" -install=HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8= > /dev/null
"$@" keys "$rpc" -use=HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8= > /dev/null
# One that leaves is no longer in the snapshot as alive.
"$@" leave "-rpc-addr=$host:17373" > /dev/null
sleep 3
kill -9 $kept $other $third 2> /dev/null || true
rm -f "$folder/other.json" "$folder/third.json"
