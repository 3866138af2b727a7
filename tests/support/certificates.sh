#!/bin/sh
# usage: certificates.sh DIRECTORY NAME...
# Makes a development CA and a certificate for each name: DIRECTORY/NAME/{ca.crt,tls.crt,tls.key}.
# What is there and still good stays.
set -eu
umask 077
directory=$1
shift
mkdir -p "$directory"
cd "$directory"
chmod 755 .

tomorrow=86400
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

if ! openssl x509 -in ca.crt -noout -checkend $tomorrow >/dev/null 2>&1; then
  key ca.key
  openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj "/CN=Gatehouse development CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.crt
  chmod 644 ca.crt  # A CRM under another account reads it.
fi

for name in "$@"; do
  mkdir -p "$name"
  cp ca.crt "$name/ca.crt"
  openssl verify -CAfile ca.crt "$name/tls.crt" >/dev/null 2>&1 &&
    openssl x509 -in "$name/tls.crt" -noout -checkend $tomorrow >/dev/null && continue
  rm -f "$name/tls.crt"
  key "$name/tls.key"
  openssl req -new -key "$name/tls.key" -subj "/CN=$name" -out "$name/tls.csr"
  # The first name is the service's own: by it the others know who calls.
  cat >"$name/tls.ext" <<EXTENSIONS
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = DNS:$name,DNS:localhost,IP:127.0.0.1
EXTENSIONS
  openssl x509 -req -in "$name/tls.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 \
    -sha256 -extfile "$name/tls.ext" -out "$name/tls.crt"
  rm "$name/tls.csr" "$name/tls.ext"
done
