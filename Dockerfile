# Two steps: wheels are built and checked against their hashes in the first, only what runs gets into the second.
FROM python:3.11-slim AS build
COPY requirements.txt /build/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /build/requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIRECTORY=/data GUNICORN_BIND=0.0.0.0:8000
RUN useradd --system --uid 10001 --home-dir /app erp && install -d -o erp -g erp /data
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# SANDBOX only lets this one command start without the secrets of a real installation; nothing of it stays.
RUN SANDBOX=1 DATA_DIRECTORY=/tmp/build HTTPS=1 python manage.py collectstatic --no-input --verbosity 0 && rm -r /tmp/build
USER erp
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "script/healthcheck.py"]
CMD ["gunicorn"]
