# donebase without the embedded PostgreSQL: it needs DATABASE_URL. docs/deploying.md describes how to run it.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv --without-pip /opt/donebase
# The dependencies change less often than donebase, so they have a layer of their own. Wheels only: nothing is compiled.
COPY requirements-deploy.txt ./
RUN pip --python /opt/donebase/bin/python install --require-hashes --only-binary :all: -r requirements-deploy.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip --python /opt/donebase/bin/python install --no-deps --no-build-isolation . \
    && pip --python /opt/donebase/bin/python uninstall --yes flit-core

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="donebase" \
      org.opencontainers.image.description="A backend for to-do lists: an HTTP API that stores tasks in PostgreSQL." \
      org.opencontainers.image.licenses="MIT AND BSD-3-Clause AND ISC"
RUN groupadd --system --gid 10001 donebase \
    && useradd --system --uid 10001 --gid donebase --no-create-home --home-dir /nonexistent donebase
COPY --from=build /opt/donebase /opt/donebase
ENV PATH=/opt/donebase/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8000 LOG_FORMAT=json
WORKDIR /opt/donebase
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# /livez, not /health: restarting the container does not repair an unreachable database.
# Not urllib, which would use a proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/livez'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["donebase"]
CMD ["serve"]
