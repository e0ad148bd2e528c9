#!/bin/sh
# An event handler for the agent beside nginx: writes the members that are alive to the list of servers, and reloads nginx if the list has changed.
#
# What has happened is in $SERF_EVENT and, a line for each member, on standard input: name, address, role and tags, with tabs between.
# It is only printed. The list is rebuilt from the agent's members each time, so a missed event does no harm.
#
#   UPSTREAMS      the list, default /etc/nginx/conf.d/upstreams.conf
#   NGINX_COMMAND  how nginx is called, default nginx
set -eu
: "${UPSTREAMS:=/etc/nginx/conf.d/upstreams.conf}" "${NGINX_COMMAND:=nginx}"
echo "$SERF_EVENT: $(cut -f 1 | paste -s -d ' ' -)"

# In a variable, because a failed command must not look like an empty list of members.
members=$(serf members -status=alive -tag=role=web)

# Tags come from other machines: nothing but an address and a port gets into the list.
servers=$(printf '%s\n' "$members" |
  sed -nE 's/^.* ([0-9.]+|\[[0-9a-f:]+\]):[0-9]+ +alive +(.*,)?port=([0-9]{1,5})(,.*)?$/\1 \3/p' |
  awk '$2 >= 1 && $2 <= 65535 { print "  server " $1 ":" $2 ";" }' |
  LC_ALL=C sort)

# Without any server nginx would refuse its configuration.
printf 'upstream web {\n%s\n}\n' "${servers:-  server 127.0.0.1 down;}" >"$UPSTREAMS.new"

# The list that nginx has loaded, which may be older if this script was killed before the reload.
if cmp -s "$UPSTREAMS.new" "$UPSTREAMS.loaded"; then
  echo "nothing changes"
  exit
fi
mv "$UPSTREAMS.new" "$UPSTREAMS"
$NGINX_COMMAND -t -q
$NGINX_COMMAND -s reload
cp "$UPSTREAMS" "$UPSTREAMS.loaded"
cat "$UPSTREAMS"
