#!/usr/bin/env bash
# Makes the passwords of docker-compose.fiware.yml in deploy/secrets (or $SECRETS_DIR), or adds a user for a device.
#   deploy/secrets.sh              first start: users klavze and health; keeps what exists
#   deploy/secrets.sh add NAME     new password for NAME (a device id, or lorawan); prints it once
set -euo pipefail

image=eclipse-mosquitto:2.0.22
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
secrets=${SECRETS_DIR:-$here/secrets}
mkdir -p "$secrets"
chmod 0700 "$secrets"
touch "$secrets/mosquitto-passwords"

random_password() {
  head -c 24 /dev/urandom | base64 | tr '+/' 'xy'
}

# The hash is made by Mosquitto itself: the installed one, else the one in the image.
set_password() {
  local user=$1 password=$2
  if command -v mosquitto_passwd >/dev/null; then
    mosquitto_passwd -b "$secrets/mosquitto-passwords" "$user" "$password"
  else
    docker run --rm --user "$(id -u):$(id -g)" --volume "$secrets:/secrets" "$image" \
      mosquitto_passwd -b /secrets/mosquitto-passwords "$user" "$password"
  fi
}

case ${1:-} in
  '')
    for user in klavze health; do
      file=$secrets/$user-mqtt-password
      if [[ ! -s $file ]]; then
        random_password >"$file"
        set_password "$user" "$(cat "$file")"
        echo "made the password of $user"
      fi
    done
    # The containers read them as users of their own; the folder keeps other users of this machine out.
    chmod 0644 "$secrets"/*
    ;;
  add)
    user=${2:?usage: deploy/secrets.sh add NAME}
    if [[ ! $user =~ ^[A-Za-z0-9._-]{1,64}$ ]]; then
      echo "the name \"$user\" must be 1 to 64 letters, digits, '.', '_' or '-'" >&2
      exit 64
    fi
    password=$(random_password)
    set_password "$user" "$password"
    chmod 0644 "$secrets/mosquitto-passwords"
    echo "user $user, password $password"
    echo "Mosquitto reads it after: docker-compose -f docker-compose.fiware.yml kill -s HUP mosquitto"
    ;;
  *)
    echo 'usage: deploy/secrets.sh [add NAME]' >&2
    exit 64
    ;;
esac
