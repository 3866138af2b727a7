# In place of the two single stores: PostgreSQL under Patroni (its own Raft, synchronous) and Redis
# under three Sentinels. Source it after ./dev.

cluster_port() {
  local -A of=([pg1]=7511 [pg2]=7512 [rest1]=7521 [rest2]=7522 [raft1]=7531 [raft2]=7532
    [raft3]=7533 [redis1]=7541 [redis2]=7542 [sentinel1]=7551 [sentinel2]=7552
    [sentinel3]=7553)
  echo $((of[$1] + offset))
}

# ---- PostgreSQL -------------------------------------------------------------------------------

# patroni_settings N: one of two nodes. A leader's key lives for 20 s, which is how long a new one
# waits for it; a commit is acknowledged once the other node has it.
patroni_settings() {
  local n=$1 other=$((3 - $1)) folder="$state/patroni$1"
  cat <<YAML
scope: gatehouse
name: pg$n
restapi:
  listen: 127.0.0.1:$(cluster_port "rest$n")
  connect_address: 127.0.0.1:$(cluster_port "rest$n")
raft:
  data_dir: $folder/raft
  self_addr: 127.0.0.1:$(cluster_port "raft$n")
  partner_addrs: ['127.0.0.1:$(cluster_port "raft$other")', '127.0.0.1:$(cluster_port raft3)']
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: {max_connections: 200, wal_log_hints: 'on', unix_socket_directories: ''}
  initdb: [{encoding: UTF8}, {locale: C.UTF-8}, data-checksums]
  pg_hba:
    - host replication replicator 127.0.0.1/32 scram-sha-256
    - host all all 127.0.0.1/32 scram-sha-256
postgresql:
  listen: 127.0.0.1:$(cluster_port "pg$n")
  connect_address: 127.0.0.1:$(cluster_port "pg$n")
  data_dir: $folder/data
  bin_dir: $postgres_bin
  pgpass: $folder/pgpass
  authentication:
    superuser: {username: postgres, password: '$(secret postgres_password)'}
    replication: {username: replicator, password: '$(secret postgres_password)'}
    rewind: {username: postgres, password: '$(secret postgres_password)'}
YAML
}

start_patroni() { # N
  local folder="$state/patroni$1" postgres_as=()
  mkdir -p "$folder"
  (umask 077 && patroni_settings "$1" >"$folder/settings.yml")
  [ "$(id -u)" != 0 ] || chown -R postgres: "$folder"
  postgres_account
  start "patroni$1" "${postgres_as[@]}" patroni "$folder/settings.yml"
}

# The third voter, which holds no data.
start_voter() {
  local folder="$state/patroni3" postgres_as=()
  mkdir -p "$folder"
  cat >"$folder/settings.yml" <<YAML
raft:
  data_dir: $folder/raft
  self_addr: 127.0.0.1:$(cluster_port raft3)
  partner_addrs: ['127.0.0.1:$(cluster_port raft1)', '127.0.0.1:$(cluster_port raft2)']
YAML
  [ "$(id -u)" != 0 ] || chown -R postgres: "$folder"
  postgres_account
  start patroni3 "${postgres_as[@]}" patroni_raft_controller "$folder/settings.yml"
}

patroni_role() { # N ROLE      whether the node has it: primary, replica, synchronous
  curl -fsS -o /dev/null "http://127.0.0.1:$(cluster_port "rest$1")/$2" 2>/dev/null
}

# The number of the primary's node; fails where there is none.
primary() {
  local n
  for n in 1 2; do
    if patroni_role $n primary; then
      echo $n
      return
    fi
  done
  return 1
}

# The node is lost: Patroni and its PostgreSQL in one moment.
kill_node() { # N
  local postmaster
  postmaster=$(head -n 1 "$state/patroni$1/data/postmaster.pid")
  kill -s KILL "$(<"$state/run/patroni$1.pid")" "$postmaster"
  rm -f "$state/run/patroni$1".{pid,began}
}

as_cluster_administrator() {
  PGPASSWORD=$(secret postgres_password) PGOPTIONS='-c client_min_messages=warning' \
    psql -XAtq -h 127.0.0.1 -p "$(cluster_port "pg$(primary)")" -U postgres "$@"
}

# until SECONDS COMMAND...
until_it() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || die "$* did not come true; see $state/log"
    sleep 0.5
  done
}

start_postgres_cluster() {
  start_voter
  start_patroni 1
  until_it 60 patroni_role 1 primary
  start_patroni 2
  until_it 60 patroni_role 2 synchronous
  as_cluster_administrator \
    -c "CREATE ROLE gatehouse LOGIN CREATEDB PASSWORD '$(secret postgres_password)'" \
    -c "CREATE DATABASE gatehouse OWNER gatehouse" -c "CREATE TABLE written (at timestamptz)"
}

# The moment in which a node first acknowledges a write, in milliseconds since 1970.
first_write() {
  local n
  while true; do
    for n in 1 2; do
      if PGPASSWORD=$(secret postgres_password) PGCONNECT_TIMEOUT=2 psql -XAtq -h 127.0.0.1 \
        -p "$(cluster_port "pg$n")" -U postgres -c "INSERT INTO written VALUES (now())" 2>/dev/null
      then
        date +%s%3N
        return
      fi
    done
    sleep 0.05
  done
}

# ---- Redis ------------------------------------------------------------------------------------

start_redis_node() { # N
  local folder="$state/redis$1" word
  word=$(secret redis_password)
  mkdir -p "$folder"
  if [ ! -e "$folder/redis.conf" ]; then  # From then on it is Sentinel's, which rewrites it.
    (umask 077 && cat >"$folder/redis.conf") <<CONF
bind 127.0.0.1
port $(cluster_port "redis$1")
dir $folder
appendonly yes
save ""
requirepass $word
masterauth $word
CONF
    [ "$1" = 1 ] || echo "replicaof 127.0.0.1 $(cluster_port redis1)" >>"$folder/redis.conf"
  fi
  start "redis$1" redis-server "$folder/redis.conf"
}

start_sentinel() { # N
  local folder="$state/sentinel$1"
  mkdir -p "$folder"
  (umask 077 && cat >"$folder/sentinel.conf") <<CONF
bind 127.0.0.1
port $(cluster_port "sentinel$1")
dir $folder
sentinel monitor gatehouse 127.0.0.1 $(cluster_port redis1) 2
sentinel auth-pass gatehouse $(secret redis_password)
sentinel down-after-milliseconds gatehouse 1000
sentinel failover-timeout gatehouse 5000
CONF
  start "sentinel$1" redis-server "$folder/sentinel.conf" --sentinel
}

redis_says() { # N COMMAND...
  REDISCLI_AUTH=$(secret redis_password) redis-cli -p "$(cluster_port "redis$1")" "${@:2}"
}
redis_master() {
  local n
  for n in 1 2; do
    if redis_says $n role 2>/dev/null | head -n 1 | grep -qx master; then
      echo $n
      return
    fi
  done
  return 1
}

redis_first_write() {
  until [ "$(redis_says 1 set drill 1 2>/dev/null)" = OK ] ||
    [ "$(redis_says 2 set drill 1 2>/dev/null)" = OK ]; do
    sleep 0.05
  done
  date +%s%3N
}

replica_is_known() { redis_says 1 info replication | grep -q "connected_slaves:1"; }

start_redis_cluster() {
  local n
  start_redis_node 1
  start_redis_node 2
  until_it 20 replica_is_known
  for n in 1 2 3; do start_sentinel $n; done
}

# ---- in place of ./dev's ----------------------------------------------------------------------

start_stores() {
  mkdir -p "$state/log"
  say "starting PostgreSQL under Patroni, and Redis under Sentinel"
  start_postgres_cluster
  start_redis_cluster
  local word
  word=$(secret postgres_password)
  export GATEHOUSE_POSTGRES_URL GATEHOUSE_REDIS_URL
  GATEHOUSE_POSTGRES_URL="postgresql://gatehouse:$word@127.0.0.1:$(cluster_port pg1),127.0.0.1:$(
    cluster_port pg2)/gatehouse?target_session_attrs=read-write"
  GATEHOUSE_REDIS_URL="redis+sentinel://:$(secret redis_password)@127.0.0.1:$(
    cluster_port sentinel1),127.0.0.1:$(cluster_port sentinel2),127.0.0.1:$(
    cluster_port sentinel3)/gatehouse/0"
}

stop_cluster() {
  local n
  for n in 1 2; do stop "patroni$n"; done
  for n in 1 2; do  # One whose Patroni is gone.
    [ ! -s "$state/patroni$n/data/postmaster.pid" ] ||
      kill -s QUIT "$(head -n 1 "$state/patroni$n/data/postmaster.pid")" 2>/dev/null || true
  done
  for n in patroni3 sentinel{1..3} redis{1,2}; do stop "$n"; done
}
