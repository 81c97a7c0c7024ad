# Shell functions shared by check, quickstart and the test runner.
#
# Whoever sources this runs with "set -euo pipefail", in the root of the tree.
# PostgreSQL refuses to run as root: there, what needs a server runs as the
# user postgres, else as the caller.

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs a command in place of this process, with a clean environment; use it in
# a subshell.  It gets WORK and PG_CONFIG, and what $1 names besides; a token
# among that is never an argument, which everybody could read.
exec_as_user() {
  local given="WORK PG_CONFIG $1" name drop=() user=()
  shift
  for name in $given; do
    [ -z "${!name+x}" ] || export "${name?}"
  done
  export PATH="$PG_BIN:/usr/local/bin:/usr/bin:/bin" HOME="$WORK" TMPDIR="$WORK/tmp" LC_ALL=C.UTF-8 TZ=UTC \
    PYTHONDONTWRITEBYTECODE=1
  given="$given PATH HOME TMPDIR LC_ALL TZ PYTHONDONTWRITEBYTECODE"
  # functions, and names that the shell cannot say, too
  while IFS= read -r -d '' name; do
    [[ " $given " = *" ${name%%=*} "* ]] || drop+=(-u "${name%%=*}")
  done < <(env -0)
  cd "$WORK" || exit
  [ "$(id -u)" != 0 ] || user=(setpriv --reuid=postgres --regid=postgres --init-groups)
  exec env "${drop[@]}" "${user[@]}" "$@" </dev/null
}

# The major version to build for: that of PG_CONFIG, else the newest that is
# installed with its headers, else the distribution's.
find_major() {
  local dir
  if [ -n "${PG_CONFIG:-}" ]; then
    "$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'
    return
  fi
  for dir in $(printf '%s\n' /usr/lib/postgresql/* | sort -rV); do
    if [ -x "$dir/bin/postgres" ] && [ -e "$dir/lib/pgxs/src/makefiles/pgxs.mk" ]; then
      basename "$dir"
      return
    fi
  done
  apt-cache depends postgresql 2>/dev/null |
    sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' || true
}

# Installs Debian packages.  A PostgreSQL among them makes no cluster of its
# own; clusters that exist are left alone.
apt_install() {
  local dir=/etc/postgresql-common/createcluster.d status=0
  say "installing $*"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    die "as root, type: apt-get install --no-install-recommends $*"
  as_root apt-get -qq update
  as_root mkdir -p "$dir"
  echo 'create_main_cluster = false' | as_root tee "$dir/xbb_fdw.conf" >/dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "$@" </dev/null >/dev/null || status=$?
  as_root rm -f "$dir/xbb_fdw.conf"
  as_root rmdir --ignore-fail-on-non-empty "$dir"
  [ "$status" = 0 ] || die "apt-get could not install them"
}

# Unpacks Debian packages in a directory, and nothing more: installed, they would be services that listen.
# False where they are not to be had.
unpack_packages() {
  local dir=$1 file
  shift
  mkdir -p "$dir"
  (cd "$dir" && apt-get -qq download "$@" >/dev/null 2>&1) || return 1
  for file in "$dir"/*.deb; do
    dpkg -x "$file" "$dir" || return 1
    rm "$file"
  done
}

install_missing() {
  local name missing=()
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q ' installed$' || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

# Sees to it that all that is needed is installed, $@ included; sets PG_CONFIG
# and PG_BIN.
# shellcheck disable=SC2120
install_packages() {
  local wanted=(make gcc libc6-dev pkg-config libcurl4-openssl-dev libjansson-dev zlib1g-dev ca-certificates python3 "$@") major
  major=$(find_major)
  if [ -z "$major" ]; then
    as_root apt-get -qq update
    major=$(find_major)
  fi
  [ -n "$major" ] || die "cannot tell which PostgreSQL to install; set PG_CONFIG"
  if [ -z "${PG_CONFIG:-}" ]; then
    PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config
    wanted+=("postgresql-$major" "postgresql-server-dev-$major")
  fi
  install_missing "${wanted[@]}"
  PG_BIN=$("$PG_CONFIG" --bindir)
}

# WORK: a directory of the servers' user, and of nobody else, with a copy of the tree
# in WORK/tree.  It goes when the script ends, and what runs from it is stopped.
make_workdir() {
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/xbb_fdw.XXXXXX")
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mkdir "$WORK/tree" "$WORK/tmp"
  tar -cf - --exclude=./.git --exclude='*.o' --exclude='*.so' --exclude='*.bc' --exclude='*.d' . |
    tar -xf - -C "$WORK/tree" --no-same-owner
  chmod 700 "$WORK"
  [ "$(id -u)" != 0 ] || chown -R postgres:postgres "$WORK"
}

# Ends with what a script of the tree in WORK says, run as the servers' user.  $1
# names what it gets of the environment, what follows the script are its arguments.
# It has a process group of its own, so that an interrupted run leaves nothing, and
# SCRIPT_MINUTES (50).
run_script() {
  local status=0 minutes=${SCRIPT_MINUTES:-50}
  set -m
  (exec_as_user "$1" timeout "${minutes}m" bash "$WORK/tree/$2" "${@:3}") &
  # not .pid: the script's own stop_all would find it
  echo $! >"$WORK/tmp/script.group"
  wait $! || status=$?
  rm "$WORK/tmp/script.group"
  [ "$status" != 124 ] || die "$2 did not end within $minutes minutes"
  exit "$status"
}

clean_up() {
  local group
  if group=$(cat "$WORK/tmp/script.group" 2>/dev/null); then
    kill -TERM -- "-$group" 2>/dev/null || true
    wait_gone "$group"
    kill -KILL -- "-$group" 2>/dev/null || true
  fi
  stop_all
  rm -rf "$WORK"
}

# Stops what has left its process id in WORK: servers wherever their data is,
# other things (with their process group, if they lead one) in WORK/tmp.
stop_all() {
  local file id ids=()
  for file in $(find "$WORK/tmp" -maxdepth 1 -name '*.pid') $(find "$WORK" -name postmaster.pid 2>/dev/null); do
    id=$(head -1 "$file" 2>/dev/null) || continue
    if [ "${file##*/}" = postmaster.pid ]; then
      kill -INT "$id" 2>/dev/null || true
    else
      kill -TERM -- "-$id" 2>/dev/null || kill -TERM "$id" 2>/dev/null || true
      rm -f "$file"
    fi
    ids+=("$id")
  done
  for id in "${ids[@]}"; do
    wait_gone "$id"
    # what is left of its group did not listen
    kill -KILL -- "-$id" 2>/dev/null || true
  done
}

wait_gone() {
  local _
  for _ in $(seq 100); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
  return 0
}

# Starts the simulator of the API; sets XBB_SIM and XBB_SIM_URL.
start_simulator() {
  local port="$WORK/tmp/sim.port" _
  XBB_SIM="$WORK/tree/test/xbb_sim.py"
  (exec_as_user "" python3 "$XBB_SIM" serve --port 0 --port-file "$port" >"$WORK/tmp/sim.log" 2>&1) &
  echo $! >"$WORK/tmp/sim.pid"
  for _ in $(seq 100); do
    if [ -s "$port" ]; then
      XBB_SIM_URL="http://127.0.0.1:$(tr -d ' \n' <"$port")"
      export XBB_SIM XBB_SIM_URL
      return
    fi
    sleep 0.1
  done
  cat "$WORK/tmp/sim.log" >&2
  die "the simulator did not start"
}

# A copy of PostgreSQL that can be installed into, in WORK/root: its programs
# find their files relative to themselves.  Sets PG_BIN and PGXS.
copy_postgres() {
  local dir
  PGXS=$(cd "$(dirname "$("$PG_CONFIG" --pgxs)")/../.." && pwd)
  for dir in "$("$PG_CONFIG" --bindir)" "$("$PG_CONFIG" --pkglibdir)" "$("$PG_CONFIG" --sharedir)"; do
    mkdir -p "$WORK/root$dir"
    cp -a "$dir/." "$WORK/root$dir/"
  done
  PG_BIN="$WORK/root$("$PG_CONFIG" --bindir)"
  export PATH="$PG_BIN:$PATH"
}

# Builds the extension with more compiler flags and installs it into the copy.
build() {
  make -s -j2 PG_CONFIG="$PG_CONFIG" COPT="-Werror $*" &&
    make -s PG_CONFIG="$PG_CONFIG" DESTDIR="$WORK/root" install
}

# pg_regress over sql/, with a server of its own and the simulator.
regress() {
  local test i=0
  [ ! -e test/schedule ] || cp test/schedule "$WORK/tmp/schedule"
  if [ ! -e test/schedule ]; then
    # four at a time: each file has a company and names of its own
    for test in sql/*.sql; do
      [ $((i++ % 4)) = 0 ] && printf '\ntest:'
      printf ' %s' "$(basename "$test" .sql)"
    done >"$WORK/tmp/schedule"
    echo >>"$WORK/tmp/schedule"
  fi
  printf "fsync = off\nlog_min_messages = warning\nunix_socket_permissions = 0700\n" >"$WORK/tmp/extra.conf"
  mkdir -p "$WORK/regress"
  "$PGXS/src/test/regress/pg_regress" --temp-instance="$WORK/instance" --temp-config="$WORK/tmp/extra.conf" \
    --bindir="$PG_BIN" --inputdir=. --outputdir="$WORK/regress" --encoding=UTF8 --no-locale \
    --launcher=test/untimed --load-extension=xbb_fdw --load-extension=xbb_etl --schedule="$WORK/tmp/schedule" && return
  head -400 "$WORK/regress/regression.diffs" 2>/dev/null
  return 1
}

# Starts a throw-away server with the binaries of PG_BIN; sets PGHOST and its
# kin.  It listens on a socket in WORK only, for its own user: whoever could connect
# would be superuser.
start_server() {
  (exec_as_user "" initdb -A trust -U postgres -N -E UTF8 --locale=C.UTF-8 -D "$WORK/data") >"$WORK/tmp/initdb.log" ||
    { cat "$WORK/tmp/initdb.log" >&2; die "initdb failed"; }
  (exec_as_user "" pg_ctl -w -s -D "$WORK/data" -l "$WORK/tmp/server.log" \
    -o "-c listen_addresses='' -c fsync=off -c unix_socket_directories='$WORK/tmp' -c unix_socket_permissions=0700" start) ||
    { cat "$WORK/tmp/server.log" >&2; die "PostgreSQL did not start"; }
  export PGHOST="$WORK/tmp" PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}
