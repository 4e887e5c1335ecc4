# burnish as a service; docs/container.md says how to build and run it.
# scripts/prove_container runs the RUN, HEALTHCHECK and CMD lines of both stages without an engine.

FROM python:3.13.9-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/burnish
RUN /opt/burnish/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt '.[serve]'
RUN /opt/burnish/bin/pip uninstall --yes --quiet pip

FROM python:3.13.9-slim-bookworm
COPY --from=build /opt/burnish /opt/burnish
ENV PATH=/opt/burnish/bin:$PATH BURNISH_CACHE=/var/cache/burnish PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home burnish && install -d -o burnish /var/cache/burnish /photos
USER 10001
WORKDIR /photos
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["burnish", "serve", "--host", "0.0.0.0", "--port", "8000", "--no-browser"]
