# PostgreSQL, Redis, and the sink that takes mails and SMS, for deploy/k8s/overlays/try and for
# nothing else: one process without a replica, a backup or TLS, and data that is gone with its pod.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS gatehouse-postgres
# The account comes first, so that it has the same number everywhere. The package's own cluster, its
# compiler and the Perl around it are not needed.
RUN groupadd -g 999 postgres && \
  useradd -u 999 -g postgres -d /var/lib/postgresql -s /usr/sbin/nologin postgres && \
  mkdir -p /etc/postgresql-common && \
  echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf && \
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
  --no-install-recommends postgresql-15 && \
  rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/lib/*/libLLVM* /usr/lib/llvm* /usr/lib/*/perl /usr/share/perl && \
  install -d -o postgres -g postgres /var/lib/gatehouse
COPY deploy/images/try/postgres /usr/bin/gatehouse-postgres
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin
USER 999:999
EXPOSE 5432
CMD ["gatehouse-postgres"]

FROM ${BASE} AS gatehouse-redis
RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
  --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY deploy/images/try/redis /usr/bin/gatehouse-redis
ENV PATH=/usr/bin:/bin
USER 65532:65532
EXPOSE 6379
CMD ["gatehouse-redis"]

FROM ${BASE} AS gatehouse-sink
RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
  --no-install-recommends python3 python3-aiosmtpd && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY tests/support/sink.py /usr/lib/gatehouse/sink.py
COPY deploy/images/try/sink /usr/bin/gatehouse-sink
ENV PATH=/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 7025 7080
CMD ["gatehouse-sink"]
