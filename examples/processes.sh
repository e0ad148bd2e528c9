# What the demonstrations share: processes that are started, shown, and ended together by Ctrl-C. Sourced by each demo.sh.

processes=

# need PROGRAM PACKAGE: ends with a hint if a program is not installed.
need() {
  command -v "$1" >/dev/null && return
  echo "$1 is not installed; on Debian: apt-get install $2" >&2
  exit 1
}

# start NAME COMMAND...: starts a command that writes to NAME.log, and shows it.
start() {
  name=$1
  shift
  "$@" >"$name.log" 2>&1 &
  processes="$processes $!"
  echo "$name is process $!: $*"
}

# attend COMMAND...: says what to try, and waits for Ctrl-C.
attend() {
  echo "What they say is in $PWD/*.log. Try in another terminal:"
  for line in "export PATH=$PWD/bin:\$PATH SERF_RPC_ADDR=$SERF_RPC_ADDR" "$@"; do echo "  $line"; done
  wait
}

# Ends them, those that would first finish what they do a second later. Some may be gone.
end() {
  # shellcheck disable=SC2086  # one process, one word
  for pause in 1 0; do
    kill $processes 2>/dev/null || true
    sleep $pause
  done
  wait
}

trap end EXIT
# Ctrl-C is told to this shell, and by its parent once more.
trap 'trap "" HUP INT TERM; exit 0' HUP INT TERM
