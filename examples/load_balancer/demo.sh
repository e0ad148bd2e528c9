#!/bin/sh
# nginx with an agent beside it, and three web servers: each has its own address, as if it were a machine.
set -eu
. "$EXAMPLES/processes.sh"
need nginx nginx

export SERF_RPC_ADDR="$NETWORK.1:7373"
export UPSTREAMS="$PWD/nginx/upstreams.conf"
export NGINX_COMMAND="nginx -e stderr -p $PWD/nginx -c nginx.conf"
mkdir nginx
cp "$EXAMPLES/load_balancer/nginx.conf" nginx
echo "listen $NETWORK.1:8080;" >nginx/listen.conf
echo "upstream web { server 127.0.0.1 down; }" >"$UPSTREAMS"
# shellcheck disable=SC2086  # a command with its arguments
start nginx $NGINX_COMMAND

changes=member-join,member-leave,member-failed,member-update,member-reap
start balancer serf agent -node=balancer -bind="$NETWORK.1" -rpc-addr="$SERF_RPC_ADDR" \
  -event-handler="$changes=$EXAMPLES/load_balancer/upstreams.sh"
for number in 1 2 3; do
  start "web$number" run "$EXAMPLES/load_balancer/web.ts" "web$number" "$NETWORK.1$number" "$NETWORK.1"
done
attend "curl http://$NETWORK.1:8080/" "kill -9 PROCESS"
