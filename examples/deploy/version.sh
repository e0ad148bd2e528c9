#!/bin/sh
# Answers `serf query version` with the release that this machine has switched to.
basename "$(readlink "${APP:-/srv/app}/current")"
