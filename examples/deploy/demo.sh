#!/bin/sh
# Three machines with the releases v1, v2 and v3 of an application, of which v1 is current.
set -eu
. "$EXAMPLES/processes.sh"

export SERF_RPC_ADDR="$NETWORK.11:7373"
for number in 1 2 3; do
  app="$PWD/node$number"
  for version in v1 v2 v3; do mkdir -p "$app/releases/$version"; done
  ln -s releases/v1 "$app/current"
  if [ "$number" = 1 ]; then seed="$NETWORK.12"; else seed="$NETWORK.11"; fi
  start "node$number" env APP="$app" serf agent -node="node$number" -bind="$NETWORK.1$number" \
    -rpc-addr="$NETWORK.1$number:7373" -snapshot="$app/serf.snapshot" \
    -retry-join="$seed" -retry-interval=1s -replay \
    -event-handler=user:deploy="$EXAMPLES/deploy/deploy.sh" \
    -event-handler=query:version="$EXAMPLES/deploy/version.sh"
done
attend "serf event deploy v2" "serf query version" "head $PWD/node*/history"
