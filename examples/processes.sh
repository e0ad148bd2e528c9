# What the demonstrations share: processes that are started, shown, and ended together by Ctrl-C. Sourced by each demo.sh.

processes=

# need PROGRAM PACKAGE: ends with a hint if a program is not installed.
need() {
  command -v "$1" >/dev/null && return
  echo "$1 is not installed; on Debian: apt-get install $2" >&2
  exit 1
}

# start NAME COMMAND...: starts a command and shows it.
start() {
  name=$1
  shift
  "$@" &
  processes="$processes $!"
  echo "$name is process $!: $*"
}

# attend: waits for Ctrl-C.
attend() {
  echo "In another terminal: export PATH=$PWD/bin:\$PATH SERF_RPC_ADDR=$SERF_RPC_ADDR"
  wait
}

# shellcheck disable=SC2086  # one process, one word
end() {
  trap "" INT TERM
  kill $processes 2>/dev/null
  # Twice, for those that would first finish what they do.
  sleep 1
  kill $processes 2>/dev/null
  wait
}

trap end EXIT
trap 'exit 0' INT TERM
