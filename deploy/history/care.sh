#!/usr/bin/env bash
# Cares for the history each night; the database comes with the first entity, so it is asked for each minute until then.
set -u
export PGHOST=history PGUSER=orion PGDATABASE=orion
PGPASSWORD=$(cat /run/secrets/history-password)
export PGPASSWORD
reader=$(cat /run/secrets/history-reader-password)
while :; do
  if psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set days="$HISTORY_DAYS" --set password="$reader" --file /care/care.sql; then
    touch /tmp/cared
    sleep 86400
  else
    sleep 60
  fi
done
