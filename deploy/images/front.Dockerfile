# The front: nginx of Debian 12, with deploy/front. `./dev image` builds it beside the six services,
# as `gatehouse-front`: on Debian's slim base, since it needs a shell to follow names and certificates.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE}
# In runlevel 1 the package starts nothing.
RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq install -y \
  --no-install-recommends nginx-light libnginx-mod-stream && \
  rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/www /etc/nginx
COPY deploy/front /usr/lib/gatehouse/front
RUN ln -s /usr/lib/gatehouse/front/run /usr/bin/gatehouse-front
ARG VERSION=0.1.0
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Gatehouse, the front" \
  org.opencontainers.image.description="One address for the gRPC of all services" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$COMMIT" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin
USER 65532:65532
EXPOSE 7443 9100
STOPSIGNAL SIGQUIT
CMD ["gatehouse-front"]
