#!/bin/sh
# Makes a development CA and a certificate for each service: DIRECTORY/NAME/{ca.crt,tls.crt,tls.key}.
# usage: certificates.sh DIRECTORY NAME...
set -eu
directory=$1
shift
mkdir -p "$directory" && cd "$directory"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1" && chmod 600 "$1"; }
if [ ! -f ca.crt ]; then
  key ca.key
  openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj "/CN=Gatehouse development CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign" \
    -out ca.crt
fi
for name in "$@"; do
  [ -f "$name/tls.crt" ] && continue
  mkdir -p "$name"
  key "$name/tls.key"
  openssl req -new -key "$name/tls.key" -subj "/CN=$name" -out "$name/tls.csr"
  # The first name is the service's own: by it the others know who calls.
  printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' \
    "$name" > "$name/tls.ext"
  openssl x509 -req -in "$name/tls.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 \
    -sha256 -extfile "$name/tls.ext" -out "$name/tls.crt" 2>/dev/null
  rm "$name/tls.csr" "$name/tls.ext"
  cp ca.crt "$name/ca.crt"
done
