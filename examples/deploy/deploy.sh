#!/bin/sh
# An event handler for `serf event deploy VERSION`: switches this machine to a release that is already on it.
#
# The version is on standard input; $SERF_USER_LTIME is the event's place in the order of all events, its Lamport time. Events may arrive
# twice, or late, after newer ones. So every switch is kept in a history, and only an event later than its last line has an effect.
#
#   APP  folder of the application: releases/VERSION, current (a link to one of them), history; default /srv/app
set -eu
cd "${APP:-/srv/app}"
read -r version || true

# It comes from another machine and becomes part of a path.
case $version in
  '' | .* | *[!A-Za-z0-9._-]*)
    echo "not a version: $version"
    exit 1
    ;;
esac

# Events that two machines send at once may have the same time. Then the greater version is the later one, so that all agree.
last=$(tail -n 1 history 2>/dev/null || echo 0)
later=$(printf '%s\n' "$last" "$SERF_USER_LTIME $version" | LC_ALL=C sort -k 1,1n -k 2,2 | tail -n 1)
if [ "$later" = "$last" ]; then
  echo "$SERF_USER_LTIME $version is not after $last"
  exit
fi
if [ ! -d "releases/$version" ]; then
  echo "release $version is not here"
  exit 1
fi

# Renaming replaces the link in one step: there is always a current release. (-T is GNU's and busybox's; on BSD and macOS it is -h.)
ln -sfn "releases/$version" current.new
mv -T current.new current
echo "$later" >>history
