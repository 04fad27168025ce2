# The hub, with its page. Two stages: Node builds, Python runs.
FROM node:24-slim AS page
WORKDIR /src/dashboard
COPY dashboard/package.json dashboard/package-lock.json dashboard/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY dashboard/ ./
COPY hub/api /src/hub/api
RUN npm run build

FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
# openssl: `bjelle broker secrets` makes the house's certificates with it.
RUN apt-get update && apt-get install -y --no-install-recommends openssl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes -r requirements/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY routing routing
COPY devices devices
COPY hub hub
COPY simulators simulators
COPY --from=page /src/hub/static/dist hub/static/dist
RUN pip install hatchling && pip install --no-deps --no-build-isolation . \
    && useradd --system --uid 10001 --create-home bjelle \
    && install -d -o bjelle -g bjelle /data
USER bjelle
# Where it is started: a bjelle.toml beside the data is read, and nothing is looked for in /app.
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENV BJELLE_DATA_DIR=/data BJELLE_HOST=0.0.0.0 BJELLE_PORT=8080
CMD ["bjelle", "serve", "--log-json"]
