#!/bin/sh
# Answers `serf query load` with the load averages of the last 1, 5 and 15 minutes.
#
#   LOADAVG  where they are read, default /proc/loadavg
cut -d ' ' -f 1-3 "${LOADAVG:-/proc/loadavg}"
