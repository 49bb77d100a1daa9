#!/usr/bin/env bash
# Cares each night for the history of every tenant (Orion-LD has a database for each: orion, orion_<tenant>). The tables come with
# Orion-LD, after the database: until all have theirs it tries again each minute.
set -u
export PGHOST=history PGUSER=orion PGDATABASE=orion
PGPASSWORD=$(cat /run/secrets/history-password)
export PGPASSWORD
reader=$(cat /run/secrets/history-reader-password)
ask() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 "$@"; }
while :; do
  databases=$(ask --tuples-only --no-align --command "SELECT datname FROM pg_database WHERE datname = 'orion' OR starts_with(datname, 'orion_') ORDER BY 1")
  failed=0
  for database in ${databases:-orion}; do
    ask --dbname "$database" --set days="$HISTORY_DAYS" --set password="$reader" --file /care/care.sql || failed=1
  done
  if [ "$failed" = 0 ]; then
    touch /tmp/cared
    sleep 86400
  else
    sleep 60
  fi
done
