#!/bin/sh
# Installs RunMat:  curl -fsSL https://runmat.com/install.sh | sh
#
# What does this say about me? That an installation started, and how it ended: the system, the
# processor, the release, and the random id in ~/.runmat/telemetry_id. What is in no list or
# pattern below is not sent. RUNMAT_NO_TELEMETRY=1 turns it off, and so does every other opt-out of
# RunMat; RUNMAT_TELEMETRY_SHOW=1 shows each byte. Nothing waits for it or fails with it.
#
# All of this is functions, called on the last line: a download that breaks off runs nothing.

releases='https://github.com/runmat-org/runmat/releases'
collector='https://api.runmat.com/v1/t'
docs='https://runmat.com/docs/telemetry'

known_systems='linux macos windows other darwin freebsd'
known_machines='x86_64 arm64 x86 arm riscv64 ppc64 s390x loong64 other aarch64 amd64 AMD64 ARM64
  armv7l i686'
newline='
'
version_form='v?[0-9]{1,6}\.[0-9]{1,6}(\.[0-9]{1,6})?([-+][0-9A-Za-z.+-]{1,32})?'
uuid_form='[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'

# Surroundings in which nobody asked to be counted: build services, test runs, workers.
markers='CI GITHUB_ACTIONS GITLAB_CI BUILDKITE CIRCLECI TRAVIS APPVEYOR TEAMCITY_VERSION JENKINS_URL
  TF_BUILD PYTEST_CURRENT_TEST PYTEST_VERSION VITEST JEST_WORKER_ID NODE_TEST_CONTEXT NEXTEST
  RUNMAT_INSTRUMENTED_JOB RUNMAT_WORKER RAY_JOB_ID RAY_RAYLET_PID OSMO_JOB_ID OSMO_WORKFLOW_ID'
# And the build services that ci-info recognises, whatever these variables hold.
services='AC_APPCIRCLE AGOLA_GIT_REF ALPIC_HOST APPCENTER_BUILD_ID BITBUCKET_COMMIT BITRISE_IO
  BUDDY_WORKSPACE_ID BUILDER_OUTPUT BUILD_ID BUILD_NUMBER CAPAWESOME_CLOUD CF_BUILD_ID CF_PAGES
  CIRRUS_CI CI_APP_ID CI_BUILD_ID CI_BUILD_NUMBER CI_NAME CI_XCODE_PROJECT CM_BUILD_ID
  CODEBUILD_BUILD_ARN CONTINUOUS_INTEGRATION DRONE DSARI EARTHLY_CI EAS_BUILD GERRIT_PROJECT
  GITEA_ACTIONS GO_PIPELINE_LABEL HARNESS_BUILD_ID HUDSON_URL LAYERCI MAGNUM NETLIFY NEVERCODE
  NOW_BUILDER PROW_JOB_ID RELEASE_BUILD_ID RENDER RUN_ID RWX SAILCI SCREWDRIVER SEMAPHORE STRIDER
  TASK_ID VELA VERCEL WORKERS_CI XCS bamboo_planKey'

usage() {
  cat <<END
Installs RunMat.

  --version VERSION  which release, such as v0.4.1 (default: the newest); or RUNMAT_VERSION
  --dir DIR          where to (default: ~/.local/bin); or RUNMAT_INSTALL_DIR
  --help             this text

RUNMAT_RELEASES_URL names a mirror, RUNMAT_REQUIRE_CHECKSUM=1 takes no archive without a checksum,
RUNMAT_NO_TELEMETRY=1 turns telemetry off ($docs).
END
}

main() {
  set -u
  LC_ALL=C # a-z means these 26 letters
  export LC_ALL
  read_arguments "$@"
  choose_client
  detect_platform
  prepare_telemetry
  trap leave EXIT
  trap 'interrupted 129' HUP
  trap 'interrupted 130' INT
  trap 'interrupted 141' PIPE
  trap 'interrupted 143' TERM
  temporary=$(mktemp -d "${TMPDIR:-/tmp}/runmat-install-XXXXXX") || fail 'no temporary folder'

  [ -n "$version" ] || find_newest
  send install_start
  [ -n "$platform" ] || fail "there is no RunMat for $os on $machine$hint"
  check_folder
  fetch_archive
  verify_archive
  place
  send install_complete

  printf 'RunMat %s is installed: %s\n' "$version" "$folder/runmat"
  case ":${PATH-}:" in
    *":$folder:"*) ;;
    *) printf 'To run it by name: %s\n' "export PATH=\"$folder:\$PATH\"" ;;
  esac
  return 0 # even where nobody listens any more
}

read_arguments() {
  version=${RUNMAT_VERSION-}
  folder=${RUNMAT_INSTALL_DIR-}
  base=${RUNMAT_RELEASES_URL:-$releases}
  temporary='' staging='' telemetry=off
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h) usage && exit 0 ;;
      --version | --dir) [ -n "${2-}" ] || misused "$1 needs a value" ;;
      *) misused "unknown argument: $1" ;;
    esac
    if [ "$1" = --dir ]; then folder=$2; else version=$2; fi
    shift 2
  done

  [ "$version" != latest ] || version=''
  [ -z "$version" ] || is_tag "$version" || misused "this is no version: $version"
  base=${base%/}
  matches "$base" 'https?://[][A-Za-z0-9._~:/%@+=,-]+' ||
    misused "RUNMAT_RELEASES_URL is no address: $base"
  schemes='=http,https'
  case $base in https:*) schemes='=https' ;; esac # and no redirect leads out of it

  if [ -z "$folder" ]; then
    [ -n "${HOME-}" ] || fail 'HOME is not set: say where to install, with --dir'
    folder=$HOME/.local/bin
  fi
  [ "$folder" = / ] || folder=${folder%/}
  case $folder in
    /*) ;;
    *)
      here=$(pwd) || fail 'the working folder is gone'
      folder=$here/$folder
      ;;
  esac
}

choose_client() {
  limits='' once=''
  if has curl; then
    client=curl
  elif has wget; then
    client=wget
    # What BusyBox calls wget knows few options, and stops at one that it does not know.
    case $(wget --help 2>&1) in
      *--max-redirect*) limits='--timeout=30 --tries=2' once='--max-redirect=0 --tries=1' ;;
      *'-T SEC'*) limits='-T 30' ;;
    esac
  else
    fail 'this needs curl or wget, and neither is installed'
  fi
}

detect_platform() {
  platform='' hint=''
  os=$(uname -s | tr '[:upper:]' '[:lower:]')
  machine=$(uname -m)
  # Under Rosetta an Apple processor says that it is Intel's.
  [ "$os" != darwin ] || [ "$(sysctl -n hw.optional.arm64 2>/dev/null)" != 1 ] || machine=arm64
  case $os-$machine in
    linux-x86_64 | linux-amd64) platform=linux-x86_64 ;;
    linux-aarch64 | linux-arm64) platform=linux-aarch64 ;;
    darwin-x86_64) platform=macos-x86_64 ;;
    darwin-arm64 | darwin-aarch64) platform=macos-aarch64 ;;
    mingw*-* | msys*-* | cygwin*-*)
      os=windows
      hint='; on Windows, run in PowerShell: irm https://runmat.com/install.ps1 | iex'
      ;;
  esac
  # A 64-bit kernel can carry a system that runs only 32-bit programs.
  if [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ]; then platform='' hint=' with 32-bit programs'; fi
}

# ---- The archive -------------------------------------------------------------------------------

# <base>/latest redirects to <base>/tag/<version>.
find_newest() {
  if [ "$client" = curl ]; then
    page=$(with_curl -I -o /dev/null -w '%{url_effective}' "$base/latest") || page=''
  else
    with_wget --spider -O /dev/null "$base/latest"
    page=$(sed -n 's/^ *[Ll]ocation: *//p' "$temporary/log" | tail -n 1)
  fi
  case $page in */tag/*) version=${page##*/tag/} ;; esac
  version=${version%%[[:space:]?#]*}
  if ! is_tag "$version"; then
    version=''
    fail "cannot find the newest release at $base/latest; is there a connection?"
  fi
}

check_folder() {
  if [ -e "$folder" ] && { [ ! -d "$folder" ] || [ ! -w "$folder" ]; }; then unwritable; fi
  [ ! -d "$folder/runmat" ] || fail "$folder/runmat is a folder"
}

unwritable() {
  fail "cannot write to $folder; choose another folder with --dir or RUNMAT_INSTALL_DIR"
}

fetch_archive() {
  address=$base/download/$version/runmat-$version-$platform.tar.gz
  archive=$temporary/archive
  printf 'Downloading RunMat %s for %s\n' "$version" "$platform"
  download "$address" "$archive" || fail "cannot download $address; is there a connection?"
  [ "$answer" = 200 ] || fail "there is no $version for $platform: status $answer from $address"
}

# A checksum that is not there (404) is one thing, one that does not arrive is another.
verify_archive() {
  download "$address.sha256" "$temporary/sha256" || fail "cannot download $address.sha256"
  if [ "$answer" = 404 ] && ! is_set "${RUNMAT_REQUIRE_CHECKSUM-}"; then
    warn "Warning: no checksum is published at $address.sha256; the archive is not verified"
    return
  fi
  [ "$answer" = 200 ] || fail "there is no checksum: status $answer from $address.sha256"
  expected=$(head -n 1 "$temporary/sha256" | plain)
  expected=${expected%% *}
  matches "$expected" '[0-9a-f]{64}' || fail "$address.sha256 holds no SHA-256 checksum"
  actual=$(sha256_of "$archive")
  actual=${actual%% *}
  [ -n "$actual" ] || fail 'the archive cannot be verified: this needs sha256sum, shasum or openssl'
  [ "$actual" = "$expected" ] ||
    fail "the checksum of $address is wrong: $actual instead of $expected; nothing was installed"
}

sha256_of() {
  if has sha256sum; then
    sha256sum <"$1"
  elif has shasum; then
    shasum -a 256 <"$1"
  elif has openssl; then
    openssl dgst -sha256 -r <"$1"
  fi
}

# Both programs are made ready in the same file system, and then renamed. A RunMat that is
# started meanwhile is the old one or the new one, even if the old one is in use.
place() {
  tar -tzf "$archive" >"$temporary/list" || fail "$address is damaged, or tar or gzip is missing"
  if grep -Eq '^/|(^|/)\.\.(/|$)' "$temporary/list"; then
    fail "$address has paths that lead out of it; nothing was installed"
  fi
  member=$(member_of runmat)
  [ -n "$member" ] || fail "$address holds no runmat"
  mkdir -p "$folder" || unwritable
  staging=$(mktemp -d "$folder/.runmat-install-XXXXXX") || unwritable
  unpack "$member" runmat
  companion=$(member_of runmat-telemetry)
  [ -z "$companion" ] || unpack "$companion" runmat-telemetry

  trap '' HUP INT PIPE TERM # from here on it takes no time, and both belong together
  [ -z "$companion" ] || mv -f "$staging/runmat-telemetry" "$folder/runmat-telemetry" || unwritable
  mv -f "$staging/runmat" "$folder/runmat" || unwritable
}

# The path of a program in the archive, at the top or in the one folder that holds everything.
member_of() {
  grep -E "^(\./)?([A-Za-z0-9][A-Za-z0-9._+-]*/)?(bin/)?$1\$" "$temporary/list" | head -n 1
}

# Only the content is taken out: links, modes and other files of the archive have no effect.
unpack() {
  tar -xzOf "$archive" "$1" >"$staging/$2" || fail "cannot unpack $2 into $folder"
  [ -s "$staging/$2" ] || fail "what $address calls $2 is no program"
  chmod 755 "$staging/$2" || unwritable
}

# $1 into the file $2. True when there was an answer, and $answer is its status.
download() {
  if [ "$client" = curl ]; then
    answer=$(with_curl --retry 2 -o "$2" -w '%{http_code}' "$1") && return
    received=$?
  else
    answer=200
    with_wget -O "$2" "$1" && return
    received=$?
    answer=$(sed -n 's|.*HTTP/[0-9.]* \([45][0-9][0-9]\).*|\1|p' "$temporary/log" | tail -n 1)
    [ -z "$answer" ] || return 0
    grep -v '^ ' "$temporary/log" >&2 # without the headers: its complaints
  fi
  # Ctrl-C can reach the client before it reaches us, and is no fault of the network.
  [ "$received" -le 128 ] || interrupted "$received"
  return 1
}

with_curl() {
  curl -sSL --proto "$schemes" --proto-redir "$schemes" --connect-timeout 20 --speed-limit 1 \
    --speed-time 30 "$@"
}

with_wget() {
  # shellcheck disable=SC2086 # several options, or none
  wget $limits -q -S "$@" 2>"$temporary/log"
}

# ---- The end -----------------------------------------------------------------------------------

# The only place that reports a failure, so that it happens once at the most.
leave() {
  ended=$?
  trap '' HUP INT PIPE TERM
  [ "$ended" -eq 0 ] || send install_failed
  [ -z "$temporary" ] || rm -rf "$temporary"
  [ -z "$staging" ] || rm -rf "$staging"
}

interrupted() {
  warn 'Interrupted: nothing was installed.'
  exit "$1"
}

fail() {
  warn "Error: $1"
  exit 1
}

misused() {
  warn "Error: $1"
  usage >&2
  exit 2
}

warn() { printf '%s\n' "$1" >&2; }

# ---- Telemetry ---------------------------------------------------------------------------------

prepare_telemetry() {
  endpoint=${RUNMAT_TELEMETRY_ENDPOINT-$collector}
  cid='' release=unknown
  may_send && is_endpoint "$endpoint" || return 0
  telemetry=on user=$(id -u)
  cid=$(client_id 2>/dev/null)
  warn "RunMat counts installs, under a random id; RUNMAT_NO_TELEMETRY=1 turns it off: $docs"
}

# If it is unclear whether the user opted out, they did.
may_send() {
  case ${HOME-} in /*) ;; *) return 1 ;; esac
  ! is_set "${DO_NOT_TRACK-}" || return 1
  ! is_set "${RUNMAT_NO_TELEMETRY-}" || return 1
  case ${RUNMAT_TELEMETRY-} in
    '' | 1 | true | yes | on) ;;
    *) case $(printf '%s' "$RUNMAT_TELEMETRY" | plain) in '' | 1 | true | yes | on) ;; *) return 1 ;; esac ;;
  esac
  for name in $markers; do
    eval "value=\${$name-}"
    ! is_set "$value" || return 1
  done
  for name in $services; do
    eval "value=\${$name-}"
    [ -z "$value" ] || return 1
  done

  config=$HOME/.config
  # The XDG specification has programs ignore a relative path.
  case ${XDG_CONFIG_HOME-} in /*) config=$XDG_CONFIG_HOME ;; esac
  for place in "$config/runmat" "$HOME/.config/runmat" "$HOME/.runmat"; do
    allows "$place/config.toml" && allows "$place/config.json" || return 1
  done
  # The administrator's file, here and on macOS.
  for place in /etc '/Library/Application Support'; do
    allows "$place/runmat/telemetry.toml" whole || return 1
  done
  project=$(pwd) || return 1
  if [ -n "${RUNMAT_CONFIG-}" ]; then
    case $RUNMAT_CONFIG in /*) named=$RUNMAT_CONFIG ;; *) named=$project/$RUNMAT_CONFIG ;; esac
    [ -e "$named" ] && allows "$named" || return 1
  fi
  # The nearest folder that has one. What is itself a folder is none.
  until [ -z "$project" ]; do
    for name in runmat.toml runmat.json; do
      [ -d "$project/$name" ] || allows "$project/$name" || return 1
    done
    if [ -f "$project/runmat.toml" ] || [ -f "$project/runmat.json" ]; then return 0; fi
    project=${project%/*}
  done
}

# Over https to anywhere, and without it only to this machine.
is_endpoint() {
  rest='(/[A-Za-z0-9._~%/?&=+:,-]*)?'
  case $1 in
    https:*) matches "$1" "https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$rest" ;;
    *) matches "$1" "http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?$rest" ;;
  esac
}

# Does a settings file leave it at yes? This is no parser of TOML or JSON: anything but plain lines,
# or but a plain yes where telemetry is mentioned, is a no. So is an address of the user's own,
# because these events would not go there.
# shellcheck disable=SC2016 # awk's own $
judge='
  # Takes a setting by its path. A table has the value "{".
  function judge(path, value,   known, key) {
    if (path in seen) no = 1
    seen[path] = 1
    if (value == "{" && path ~ /^(runtime|telemetry|runtime\.telemetry)$/) return
    key = path
    # A file about telemetry only may leave the table out.
    if (whole && path !~ /^runtime$|\./) key = "telemetry." path
    if (sub(/^telemetry\./, "", key)) known = key ~ /^(enabled|uploads)$/ && value == "true"
    else if (sub(/^runtime\.telemetry\./, "", key)) {
      if (key == "enabled") known = value == "true"
      if (key == "http_endpoint") known = value == "\"\""
      if (key == "udp_endpoint") known = value ~ /^"([A-Za-z0-9.-]+:[0-9]+)?"$/
      if (key == "drain_mode") known = value ~ /^"(all|none)"$/
      if (key ~ /^(queue_size|drain_timeout_ms)$/) known = value ~ /^(0|[1-9][0-9]*)$/
      if (key ~ /^(show_payloads|sync_mode|require_ingestion_key)$/) known = value ~ /^(true|false)$/
    } else known = path != "runtime" && tolower(path) !~ /(^|\.)(tel[^.]*|[^.]*emetry)(\.|$)/
    if (!known) no = 1
  }
  # Text in UTF-8 without control characters?
  function is_text(line) {
    if (line ~ /[\001-\010\013-\037\177]/) return 0
    if (line !~ /[\200-\377]/) return 1
    gsub(/[\302-\337][\200-\277]/, "", line)
    gsub(/[\340-\357][\200-\277][\200-\277]/, "", line)
    gsub(/[\360-\364][\200-\277][\200-\277][\200-\277]/, "", line)
    return line !~ /[\200-\377]/
  }
  { sub(/\r$/, ""); size += length($0) + 1; if (size > 65537 || !is_text($0)) no = 1 }
'
# shellcheck disable=SC2016 # awk's own $
read_toml='
  function path_of(text) { gsub(/[ \t"\047]/, "", text); return text }
  BEGIN {
    word = "([A-Za-z0-9_-]+|\"[^\"\\\\]*\"|\047[^\047]*\047)"
    name = "[ \t]*" word "([ \t]*[.][ \t]*" word ")*[ \t]*"
    rest = "[ \t]*(#.*)?$"
    digits = "[0-9](_?[0-9])*"
    number = "[-+]?(inf|nan|(0|[1-9](_?[0-9])*)([.]" digits ")?([eE][-+]?" digits ")?)"
    string = "\"([^\"\\\\]|\\\\[\"\\\\bfnrt])*\"|\047[^\047]*\047"
    scalar = "(" string "|true|false|" number ")"
    list = "[[][ \t]*(" scalar "[ \t]*(,[ \t]*" scalar "[ \t]*)*(,[ \t]*)?)?[]]"
    entry = name "=[ \t]*(" scalar "|" list ")[ \t]*"
    value = "(" scalar "|" list "|[{]([ \t]*|" entry "(," entry ")*)[}])"
  }
  no { exit }
  /"""|\047\047\047/ { no = 1; exit }
  $0 ~ "^" rest { next }
  $0 ~ "^[ \t]*[[]" name "[]]" rest {
    match($0, "[[]" name "[]]")
    table = path_of(substr($0, RSTART + 1, RLENGTH - 2))
    judge(table, "{")
    next
  }
  $0 ~ "^[ \t]*[[][[]" name "[]][]]" rest {
    match($0, name "[]]")
    table = path_of(substr($0, RSTART, RLENGTH - 1))
    if (tolower(table) ~ /^runtime(\.|$)/) no = 1
    table = table "#" NR
    judge(table, "[")
    next
  }
  $0 !~ "^" name "=[ \t]*" value rest { no = 1; exit }
  {
    match($0, "^" name)
    key = path_of(substr($0, 1, RLENGTH))
    sub("^" name "=[ \t]*", "")
    match($0, "^" value)
    judge(table == "" ? key : table "." key, substr($0, 1, RLENGTH) (/^[{]/ ? " inline" : ""))
  }
  END { exit no }
'
# shellcheck disable=SC2016 # awk's own $
read_json='
  function token() {
    if (!match(text, form)) { no = 1; return "" }
    found = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
    gsub(/^[ \t\n]+/, "", found)
    if (++tokens > 20000) no = 1
    return found
  }
  function read(path, depth,   start, place, one, count) {
    start = token()
    judge(path, start)
    if (depth > 50) no = 1
    if (start !~ /^[{[]$/) { if (start ~ /^[]},:]?$/) no = 1; return }
    while (!no) {
      place = path "." ++count
      if (start == "{" || count == 1) {
        one = token()
        if (count == 1 && one == (start == "{" ? "}" : "]")) return
        if (start == "{") {
          if (one !~ /^"/ || one ~ /\\/ || token() != ":") no = 1
          place = (path == "" ? "" : path ".") substr(one, 2, length(one) - 2)
        } else text = one text
      }
      if (no) return
      read(place, depth + 1)
      one = token()
      if (one == (start == "{" ? "}" : "]")) return
      if (one != ",") no = 1
    }
  }
  BEGIN {
    hex = "[0-9A-Fa-f]"
    string = "\"([^\"\\\\\t\n]|\\\\([\"\\\\/bfnrt]|u" hex hex hex hex "))*\""
    number = "-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?"
    form = "^[ \t\n]*(" string "|true|false|null|" number "|[]{},:[])"
  }
  { text = text $0 "\n" }
  END {
    if (text !~ /^[ \t\n]*[{]/) no = 1
    if (!no) read("", 0)
    if (text !~ /^[ \t\n]*$/) no = 1
    exit no
  }
'
allows() {
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then
    # What lies in a folder that we may not search, or that is none, cannot be known.
    above=${1%/*}
    until [ -z "$above" ] || [ -e "$above" ] || [ -L "$above" ]; do above=${above%/*}; done
    # With a number, because in a trap bash returns what was last before the trap.
    if [ ! -d "${above:-/}" ] || [ ! -x "${above:-/}" ]; then return 1; fi
    return 0
  fi
  [ -f "$1" ] && [ -r "$1" ] || return 1
  case $1 in *.json) reader=$read_json ;; *) reader=$read_toml ;; esac
  case ${2-} in whole) whole=1 ;; *) whole=0 ;; esac
  # One byte more than a settings file may have; what a shell cannot hold becomes what no text has.
  dd if="$1" bs=65537 count=1 2>/dev/null | tr '\000' '\001' | awk -v "whole=$whole" "$judge$reader"
}

# Prints the id that all installers and RunMat itself share. Where none can be kept, there is none.
# Several may want one at once: a file appears under its name whole, and only if there is none, and
# what is there in the end is the id.
client_id() {
  umask 077
  trap '' HUP INT PIPE TERM
  file=$HOME/.runmat/telemetry_id
  read_id && return
  [ ! -e "$file" ] || [ -f "$file" ] || return
  # Under sudo the home can be somebody else's, who could not read what root puts there.
  [ -n "$(find "$HOME/" -prune -user "$user")" ] || return
  [ -d "$HOME/.runmat" ] || mkdir "$HOME/.runmat" || [ -d "$HOME/.runmat" ] || return
  random_uuid
  [ -n "$uuid" ] || return
  own=$(mktemp "$file.XXXXXX") || return
  printf '%s\n' "$uuid" >"$own"
  claim "$file" || replace_malformed
  rm -f "$own"
  read_id
}

# The process that holds <file>.new may replace the malformed file, after one more look at it. All
# others wait for the outcome. RunMat itself does the same.
replace_malformed() {
  [ -s "$file" ] || pause # somebody may be about to fill it
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    ! read_id >/dev/null || return
    if ! claim "$file.new"; then
      pause
    elif read_id >/dev/null; then
      rm -f "$file.new"
    else
      mv -f "$file.new" "$file"
    fi
  done
  # Its holder must have died: the next one finds the way free.
  [ -z "$(find "$file.new" -mmin +1)" ] || rm -f "$file.new"
}

# Some file systems have no hard links.
claim() { ln "$own" "$1" || (set -C && cat "$own" >"$1"); }

pause() { sleep 0.1 || sleep 1; }

read_id() {
  [ -f "$file" ] || return 1
  known=$(dd if="$file" bs=257 count=1 | plain)
  is_uuid "$known" && printf '%s' "$known"
}

# Puts a UUID into $uuid. It is of version 4, like every one here: others can hold a network address.
random_uuid() {
  uuid=''
  # shellcheck disable=SC2046 # sixteen bytes
  set -- $(od -An -N 16 -t x1 /dev/urandom)
  [ $# -eq 16 ] || return 0
  case $9 in
    [048c]*) variant=8 ;;
    [159d]*) variant=9 ;;
    [26ae]*) variant=a ;;
    *) variant=b ;;
  esac
  uuid=$1$2$3$4-$5$6-4${7#?}$8-$variant${9#?}
  shift 9
  uuid=$uuid$1-$2$3$4$5$6$7
}

# One event, in the order of the contract. It is posted by a process that holds none of our files,
# ends by itself, and is not waited for.
send() {
  # Checked again each time: the user may have opted out since.
  [ "$telemetry" = on ] && may_send || return 0
  event=''
  add event_label "$1"
  random_uuid
  add uuid "$uuid"
  one_of "$os" "$known_systems"
  add os "$word"
  one_of "$machine" "$known_machines"
  add arch "$word"
  add platform "$platform"
  [ "$release" != unknown ] || [ ${#version} -gt 48 ] || ! matches "$version" "$version_form" ||
    release=$version
  add release "$release"
  add method shell
  add cid "$cid"
  event="{$event}"
  ! is_set "${RUNMAT_TELEMETRY_SHOW-}" || warn "$event"
  (post) </dev/null >/dev/null 2>&1 & # a function alone would keep our streams open in dash
}

add() { [ -z "$2" ] || event="$event${event:+,}\"$1\":\"$2\""; }

post() {
  umask 077
  mark='' state=''
  # What can't be put on record does not leave. Only where this user has no home, nobody keeps a record.
  if ! has_home || { open_state && can_note && mark_sending; }; then
    # Who opts out after this look waits for what has a mark. A mark that stays goes on record later.
    ! may_send || { cd / && deliver; } || mark=''
  fi
  [ -z "$mark" ] || rm -f "$mark"
  [ -z "$state" ] || rmdir "$state" "$cache/runmat" # if nothing is on record
}

deliver() {
  json='Content-Type: application/json' agent=runmat-install
  if [ "$client" = curl ]; then
    status=$(curl -s -o /dev/null -w '%{http_code}' --max-time 3 -A "$agent" -H "$json" \
      --data-binary "$event" "$endpoint")
    # No connection: nothing has left this machine.
    case $? in 5 | 6 | 7 | 35 | 60) return 0 ;; esac
  else
    status=$(post_with_wget | sed -n 's|.*HTTP/[0-9.]* \([0-9]*\).*|\1|p' | tail -n 1)
  fi
  [ -z "$state" ] || note_sent || return
  # Without an answer the system may have something of it left to send. The mark says where.
  case $status in '' | 000) return 1 ;; esac
}

post_with_wget() {
  # shellcheck disable=SC2086 # several options, or none
  wget $once -q -S -O /dev/null -U "$agent" --header="$json" --post-data="$event" "$endpoint" 2>&1 &
  for _ in 1 2 3; do
    sleep 1
    kill -0 $! || return
  done
  kill -9 $!
}

# Under sudo the home can be somebody else's.
has_home() { [ -n "$(find "$HOME/" -prune -user "$user")" ]; }

# The folder that RunMat and its installers share, in $state: '' where it is not ours.
open_state() {
  case ${XDG_CACHE_HOME-} in
    /*) cache=$XDG_CACHE_HOME ;;
    *) if [ "$os" = darwin ]; then cache=$HOME/Library/Caches; else cache=$HOME/.cache; fi ;;
  esac
  if [ -e "$cache/runmat" ]; then are_ours "$cache/runmat" || return; fi
  mkdir -p "$cache/runmat/telemetry" || return
  are_ours "$cache/runmat" "$cache/runmat/telemetry" || return
  state=$cache/runmat/telemetry
}

# It names this process. Until it is removed, or four seconds old, `runmat-telemetry disable` waits; it says
# so if the process lives on, because it was suspended. If it was killed, the event goes on record.
mark_sending() {
  mark=$state/leaving-$uuid.tmp
  # shellcheck disable=SC2016 # expanded by the inner shell, whose parent is this process
  sh -c 'printf "{\"pid\":%s,\"endpoint\":\"%s\",\"event\":%s}\n" "$PPID" "$1" "$2"' \
    sh "$endpoint" "$event" >"$mark"
}

# Adds the event to the list of what left this machine, which `runmat-telemetry log` shows.
note_sent() {
  can_note || return
  start=''
  # A crash or a full disk may have cut the last line short.
  [ ! -e "$ledger" ] || [ -z "$(tail -c 1 "$ledger")" ] || start=$newline
  if [ "$status" = 204 ]; then confirmed=true; else confirmed=false; fi
  printf '%s{"sent_at":"%s","endpoint":"%s","event":%s,"via":"installer","confirmed":%s}\n' \
    "$start" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$endpoint" "$event" "$confirmed" >>"$ledger"
}

can_note() {
  ledger=$state/sent.ndjson
  if [ -e "$ledger" ] || [ -L "$ledger" ]; then
    are_ours "$ledger" && [ -f "$ledger" ] && [ -w "$ledger" ]
  fi
}

# Do they all belong to this user, is none a link, and can nobody else write to them? Many systems give
# each user a group with the same number. On others, all users share one.
are_ours() {
  others=$(find "$@" -prune \( -type l -o ! -user "$user" -o -perm -002 -o \
    -perm -020 ! -group "$user" ! -group 0 \)) && [ -z "$others" ]
}

# ---- Words -------------------------------------------------------------------------------------

has() { command -v "$1" >/dev/null 2>&1; }

# Set to anything that does not itself say no.
is_set() {
  case $1 in
    '' | 0 | false | no | off) return 1 ;;
    1 | true | yes | on) return 0 ;;
  esac
  case $(printf '%s' "$1" | plain) in '' | 0 | false | no | off) return 1 ;; esac
}

# In lower case, without the white space around it, and without what a shell cannot hold.
plain() { tr '\000A-Z\t\n\v\f\r' '?a-z     ' | sed 's/^ *//; s/ *$//'; }

# Is all of $1 of the form $2? (grep looks at one line after the other.)
matches() {
  case $1 in *"$newline"*) return 1 ;; esac
  printf '%s\n' "$1" | grep -Eq "^($2)\$"
}

is_uuid() { matches "$1" "$uuid_form"; }

# The name of a release becomes a part of addresses and file names.
is_tag() { [ ${#1} -le 64 ] && matches "$1" '[A-Za-z0-9]+([._+-][A-Za-z0-9]+)*'; }

# $word becomes $1 if that is one of the words in $2.
one_of() {
  for word in $2; do
    [ "$1" != "$word" ] || return 0
  done
  word=other
}

{ main "$@"; }
