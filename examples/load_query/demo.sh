#!/bin/sh
# Three workers, and a program that finds the one with the least load. They share a machine, so each gets its own load in a file.
set -eu
. "$EXAMPLES/processes.sh"

export SERF_RPC_ADDR="$NETWORK.11:7373"
for number in 1 2 3; do
  cat /proc/loadavg >"worker$number.loadavg"
  if [ "$number" = 1 ]; then seed="$NETWORK.12"; else seed="$NETWORK.11"; fi
  start "worker$number" env LOADAVG="$PWD/worker$number.loadavg" serf agent -node="worker$number" \
    -bind="$NETWORK.1$number" -rpc-addr="$NETWORK.1$number:7373" -tag=role=worker \
    -retry-join="$seed" -retry-interval=1s -event-handler=query:load="$EXAMPLES/load_query/load.sh"
done
start dispatcher run "$EXAMPLES/load_query/dispatcher.ts" "$NETWORK.1" "$NETWORK.11"
attend "serf query load" "curl http://$NETWORK.1:8080/" "echo 0.01 >$PWD/worker2.loadavg"
