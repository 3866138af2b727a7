# What runs beside Gatehouse and is no part of it: backup and restore (deploy/backup), and who signs in
# all day (deploy/watch). `./dev image` builds it as `gatehouse-operations`, on Debian's slim base,
# since these are scripts.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE}
RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
  --no-install-recommends postgresql-client-15 python3 ca-certificates && \
  rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY deploy/backup/backup /usr/bin/gatehouse-backup
COPY deploy/backup/restore /usr/bin/gatehouse-restore
COPY deploy/watch/watch /usr/bin/gatehouse-watch
ARG VERSION=0.1.0
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Gatehouse, operations" \
  org.opencontainers.image.description="Backup, restore, and who signs in all day" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$COMMIT" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
CMD ["gatehouse-backup"]
