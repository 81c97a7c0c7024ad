# shellcheck shell=bash
# Shell functions for servers that make mistakes visible, which would pass unseen
# on any other: of memory, of locks, of the planner's and executor's rules.
#
# Sourced after test/lib.sh, by test/assert_server, test/sanitize and test/sqlsmith.

# What such a server writes into its log.
MISTAKES='TRAP: |ERROR: AddressSanitizer|runtime error: |was terminated by signal|PANIC: |problem in alloc set|reference leak|resource was not closed'

# What assertion_server needs to be installed.
# shellcheck disable=SC2034
SOURCE_PACKAGES=(bison flex perl zlib1g-dev libicu-dev xz-utils bzip2 debian-archive-keyring)

# Fails if the server that wrote the log $1 has noticed a mistake.
check_log() {
  [ -s "$1" ] || die "the server left no log"
  ! grep -q -E "$MISTAKES" "$1" && return
  grep -n -A 40 -E "$MISTAKES" "$1" | head -400
  echo "the server's log tells of mistakes"
  return 1
}

# apt-get with lists and sources of its own in directory $1, which leave the
# machine's as they are.
own_apt() {
  local dir=$1
  shift
  apt-get -qq -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" -o APT::Sandbox::User= \
    -o Acquire::Check-Valid-Until=false "$@"
}

# Unpacks Debian's source of PostgreSQL $2 (a major version) below directory $1,
# from the first suite that has it, on the mirror the machine uses.
unpack_source() {
  local dir=$1 major=$2 mirror codename suite
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -1)
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
  [ -n "$mirror" ] || die "apt knows no mirror of Debian"
  mkdir -p "$dir/lists/partial" "$dir/cache"
  for suite in "$codename" stable testing unstable; do
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$dir/sources.list"
    own_apt "$dir" update || continue
    (cd "$dir" && own_apt "$dir" source --download-only "postgresql-$major") 2>/dev/null || continue
    tar -xf "$dir/postgresql-$major"_*.orig.tar.* -C "$dir"
    return
  done
  die "no suite of Debian has the source of PostgreSQL $major"
}

# A PostgreSQL whose assertions are on, where freed memory is overwritten and new
# memory is filled with noise, in WORK/server; sets PG_CONFIG and PG_BIN.  It is
# built once, and kept in the directory XBB_CACHE if that is set (8 minutes).
# XBB_MAJOR chooses the version.
assertion_server() {
  local major=${XBB_MAJOR:-18} build="$WORK/build" server="$WORK/server"
  if [ -n "${XBB_CACHE:-}" ]; then
    mkdir -p "$XBB_CACHE"
    server="$(cd "$XBB_CACHE" && pwd)/postgresql-$major"
  fi
  if [ ! -x "$server/bin/postgres" ]; then
    say "building PostgreSQL $major with assertions"
    unpack_source "$build" "$major"
    (
      cd "$build/postgresql-$major".*/
      # its programs find its libpq wherever it is copied to
      ./configure --disable-rpath LDFLAGS="-Wl,-rpath,'\$\$ORIGIN/../lib'" --prefix=/usr/local/pgsql \
        --enable-cassert --enable-debug --with-icu --without-readline CFLAGS='-O1 -fno-omit-frame-pointer' CPPFLAGS=-DRANDOMIZE_ALLOCATED_MEMORY
      # the random queries want auto_explain
      make -s -j2 && make -s install DESTDIR="$build/root" && make -s -C contrib -j2 install DESTDIR="$build/root"
    ) >"$build/log" 2>&1 </dev/null || { tail -50 "$build/log"; die "PostgreSQL could not be built"; }
    mv "$build/root/usr/local/pgsql" "$server.new"
    rm -rf "$build"
    mv "$server.new" "$server"
  fi
  # whoever runs the tests may not be able to read the cache
  [ "$server" = "$WORK/server" ] || cp -a "$server" "$WORK/server"
  [ "$(id -u)" != 0 ] || chown -R postgres:postgres "$WORK/server"
  PG_CONFIG="$WORK/server/bin/pg_config"
  PG_BIN="$WORK/server/bin"
}

# Builds the extension for ASan and UBSan and installs it into the copy of
# copy_postgres, whose server loads their runtime.
build_sanitized() {
  local cc
  cc=$("$PG_CONFIG" --cc)
  # the server is compiled with -fwrapv, which would hide overflows
  build -O1 -g -fno-omit-frame-pointer -fno-wrapv -fsanitize=address,undefined -fno-sanitize-recover=undefined
  "$cc" -shared -fPIC test/preload.c -o "$WORK/preload.so"
  # The server alone gets the runtime: a script takes the program's place.
  mv "$PG_BIN/postgres" "$PG_BIN/postgres.bin"
  cat >"$PG_BIN/postgres" <<END
#!/bin/bash
export LD_PRELOAD='$("$cc" -print-file-name=libasan.so) $WORK/preload.so'
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
exec -a '$PG_BIN/postgres' '$PG_BIN/postgres.bin' "\$@"
END
  chmod +x "$PG_BIN/postgres"
}

# Both kinds of tests on the server that was built: all of sql/, and $1 random
# queries from the seed $2.
test_server() {
  local status=0
  start_simulator
  say "sql/"
  regress || status=1
  check_log "$WORK/regress/log/postmaster.log" || status=1
  say "random queries"
  start_server
  createdb query_test
  psql -qX -d query_test -c 'CREATE EXTENSION xbb_fdw'
  PGDATABASE=query_test python3 test/query_test.py --queries "$1" --seed "$2" || status=1
  check_log "$WORK/tmp/server.log" || status=1
  return "$status"
}
