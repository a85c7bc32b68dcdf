#!/bin/sh
# Runs Temporal's time-skipping test server. Installed next to what it runs: lib/ (jars, from Maven) or server (a
# binary, from the SDK's download). The SDK kills this process by its id, hence the exec; it cannot do so when it is
# itself killed, hence the watcher, which ends with whichever of the two ends first.
here=$(dirname "$0")
parent=$PPID
self=$$
(
  while kill -0 "$parent" && kill -0 "$self"; do sleep 0.5; done
  kill -9 "$self"
) </dev/null >/dev/null 2>&1 &
if [ -d "$here/lib" ]; then
  # The first compiler tier starts fastest, and the SDK waits for no more than five seconds.
  exec java -XX:TieredStopAtLevel=1 -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
fi
exec "$here/server" "$@"
