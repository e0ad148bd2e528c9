#!/bin/sh
# Three machines with a Redis server and an agent each, and a program that spreads a cache over them.
set -eu
. "$EXAMPLES/processes.sh"
need redis-server redis-server

export SERF_RPC_ADDR="$NETWORK.11:7373"
for number in 1 2 3; do
  if [ "$number" = 1 ]; then seed="$NETWORK.12"; else seed="$NETWORK.11"; fi
  start "redis$number" redis-server "$EXAMPLES/cache_ring/redis.conf" --bind "$NETWORK.1$number"
  start "cache$number" serf agent -node="cache$number" -bind="$NETWORK.1$number" -rpc-addr="$NETWORK.1$number:7373" \
    -tag=role=cache -tag=port=6379 -retry-join="$seed" -retry-interval=1s
done
start front run "$EXAMPLES/cache_ring/front.ts" "$NETWORK.1" "$NETWORK.11" "$NETWORK.12" "$NETWORK.13"
attend "echo blue | curl -T - http://$NETWORK.1:8080/colour" "curl -i http://$NETWORK.1:8080/colour" "kill -9 PROCESS"
