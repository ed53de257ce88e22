# Two stages: what builds stays behind. The only ffmpeg is the wheel's: Debian's packages would add
# 473 MB for the same encoders.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

FROM python:3.11.14-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data showreel \
    && install -d -o showreel -g showreel -m 0700 /data
COPY --from=build /venv /venv
COPY bot /app/bot
COPY cogs /app/cogs
COPY sandbox /app/sandbox
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data HTTP_PORT=8080
USER showreel
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/live')"]
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "bot", "run"]
