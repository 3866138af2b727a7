# The private PostgreSQL and Redis of ./dev, which sources this. What they hold is below its $state.

postgres_bin=/usr/lib/postgresql/15/bin
postgres_settings=()  # More of them; each is `-c NAME=VALUE`.

# A random secret that stays the same as long as the state does.
secret() {
  local file="$state/secrets/$1"
  if [ ! -s "$file" ]; then
    mkdir -p "$state/secrets"
    (umask 077 && openssl rand 32 | basenc --base64url | tr -d '=\n' >"$file")
  fi
  cat "$file"
}

# PostgreSQL refuses root, so root becomes the account that its package makes. Where that account
# may not enter the checkout's folder (below /root, say), the process keeps the right to.
postgres_account() {
  [ "$(id -u)" = 0 ] || return 0
  postgres_as=(setpriv --reuid=postgres --regid=postgres --init-groups)
  (cd / && "${postgres_as[@]}" test -x "$state") ||
    postgres_as+=(--inh-caps=+dac_override --ambient-caps=+dac_override)
}

make_cluster() {
  local data="$state/postgres"
  rm -rf "$data.new"
  mkdir -p "$data.new" "$state/log"
  [ "$(id -u)" != 0 ] || chown postgres: "$data.new"
  # `cat |`, since that account may not open a pipe that root made.
  secret postgres_password | (cd / && "${postgres_as[@]}" sh -c 'cat | "$0" "$@"' \
    "$postgres_bin/initdb" -D "$data.new" --auth=scram-sha-256 --username=postgres \
    --pwfile=/dev/stdin -E UTF8 --locale=C.UTF-8) >"$state/log/initdb.log" 2>&1 ||
    die "initdb failed; see $state/log/initdb.log"
  mv "$data.new" "$data"
}

as_administrator() {
  PGPASSWORD=$(secret postgres_password) PGOPTIONS='-c client_min_messages=warning' \
    psql -XAtq -h 127.0.0.1 -p "$(port postgres)" -U postgres "$@"
}

start_postgres() {
  ! alive postgres || return 0
  local data="$state/postgres" postgres_as=()
  need_port postgres
  postgres_account
  [ -d "$data" ] || make_cluster
  # The pid of one that was killed, as long as its parent has not looked, would stop the new one.
  for _ in $(seq 100); do
    [ -f "$data/postmaster.pid" ] && [ -e "/proc/$(head -n 1 "$data/postmaster.pid")" ] || break
    sleep 0.05
  done
  start postgres "${postgres_as[@]}" "$postgres_bin/postgres" -D "$data" -p "$(port postgres)" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
    "${postgres_settings[@]}"
  wait_for postgres "$postgres_bin/pg_isready" -h 127.0.0.1 -p "$(port postgres)" -q
  make_roles
}

# As in production: one role owns the schemas, and may do in them what migrations do; another one,
# whom row-level security binds, serves. The owner is made last: whatever was
# interrupted is done again. It is a member of the other one so that tests may end its connections.
make_roles() {
  local password
  password=$(secret postgres_password)
  [ -z "$(as_administrator -c "SELECT 1 FROM pg_roles WHERE rolname = 'gatehouse_owner'")" ] ||
    return 0
  [ -n "$(as_administrator -c "SELECT 1 FROM pg_roles WHERE rolname = 'gatehouse'")" ] ||
    as_administrator -c "CREATE ROLE gatehouse LOGIN PASSWORD '$password'"
  [ -n "$(as_administrator -c "SELECT 1 FROM pg_database WHERE datname = 'gatehouse'")" ] ||
    as_administrator -c "CREATE DATABASE gatehouse"
  as_administrator -d gatehouse <<SQL
BEGIN;
CREATE ROLE gatehouse_owner LOGIN CREATEDB PASSWORD '$password' IN ROLE gatehouse;
ALTER ROLE gatehouse NOCREATEDB;
REASSIGN OWNED BY gatehouse TO gatehouse_owner;
ALTER DATABASE gatehouse OWNER TO gatehouse_owner;
COMMIT;
SQL
}

# pgbouncer before PostgreSQL, as docs/operations.md says, but for its size: the transactions of all
# services meet on four connections.
start_pooler() {
  ! alive pooler || return 0
  local folder="$state/pooler" postgres_as=()
  need_port pooler
  postgres_account  # pgbouncer refuses root, too.
  mkdir -p "$folder"
  cat >"$folder/pgbouncer.ini" <<INI
[databases]
gatehouse = host=127.0.0.1 port=$(port postgres)

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $(port pooler)
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/users
stats_users = gatehouse
pool_mode = transaction
default_pool_size = 4
max_client_conn = 600
query_wait_timeout = 5
INI
  (umask 077 && echo "\"gatehouse\" \"$(secret postgres_password)\"" >"$folder/users")
  [ "$(id -u)" != 0 ] || chown -R postgres: "$folder"
  start pooler "${postgres_as[@]}" pgbouncer "$folder/pgbouncer.ini"
  wait_for pooler "$postgres_bin/pg_isready" -h 127.0.0.1 -p "$(port pooler)" -q
}

redis_answers() {
  [ "$(REDISCLI_AUTH=$(secret redis_password) redis-cli -p "$(port redis)" ping)" = PONG ]
}

start_redis() {
  ! alive redis || return 0
  need_port redis
  mkdir -p "$state/redis"
  start redis redis-server --bind 127.0.0.1 --port "$(port redis)" --dir "$state/redis" \
    --appendonly yes --save '' --requirepass "$(secret redis_password)"
  wait_for redis redis_answers
}

start_stores() {
  start_postgres
  start_redis
}
