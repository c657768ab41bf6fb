# One image for the API, the worker, the migration and the simulated outside world.
FROM python:3.13.9-slim-trixie AS build
WORKDIR /build
RUN python -m venv /opt/ariane
COPY requirements.lock .
RUN /opt/ariane/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY domain domain
COPY activities activities
COPY workflows workflows
COPY adapters adapters
COPY worker worker
COPY api api
COPY cli cli
COPY world world
RUN /opt/ariane/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13.9-slim-trixie
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/ariane ariane
COPY --from=build /opt/ariane /opt/ariane
ENV PATH=/opt/ariane/bin:$PATH PYTHONUNBUFFERED=1
# Where the world keeps its ledger; a volume mounted here belongs to the same user.
WORKDIR /var/lib/ariane
USER ariane
EXPOSE 8080
CMD ["python", "-m", "api"]
