# Build: docker build -t kimchi-premium .
# Run:   docker run -p 8000:8000 -v kimp-data:/data kimchi-premium [serve|demo|doctor]
# The steps are the Makefile's own targets, so that one way of setting up is kept.

FROM python:3.13-bookworm AS build
WORKDIR /srv/kimp
ENV PYTHON=python3.13
COPY Makefile requirements.lock ./
RUN make .venv/runtime.stamp
COPY web web
RUN make web
COPY . .
RUN make setup

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 kimp \
    && useradd --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin kimp \
    && install -d -o kimp -g kimp /data
WORKDIR /srv/kimp
COPY --from=build /srv/kimp .
ENV KIMP_HTTP__HOST=0.0.0.0 \
    KIMP_HTTP__PORT=8000 \
    KIMP_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
# Healthy is a server that answers; a venue that is down is in the answer's body.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD [".venv/bin/python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['KIMP_HTTP__PORT'] + '/health', timeout=4)"]
ENTRYPOINT ["/srv/kimp/.venv/bin/kimp"]
CMD ["serve"]
