# Airflow's own image with what this project needs: the locked requirements, and the Encord provider.
# dags/, plugins/ and include/ are mounted by docker-compose.yaml, so that an edit needs no new image.
FROM apache/airflow:3.3.2-python3.12

# Relative workspaces of campaigns are kept here; a volume takes over this folder's owner.
USER root
RUN install --directory --owner=airflow --group=0 --mode=0775 /opt/benchmark-qa
USER airflow

COPY requirements.txt /opt/airflow/
RUN pip install --no-cache-dir --requirement /opt/airflow/requirements.txt

# Editable: the distribution gives Airflow the connection type, the code is what is mounted at plugins/.
COPY --chown=airflow:0 pyproject.toml README.md LICENSE /opt/airflow/
COPY --chown=airflow:0 plugins/encord_provider /opt/airflow/plugins/encord_provider
RUN pip install --no-cache-dir --no-deps --editable /opt/airflow

# `include` is imported as a package from the folder above it.
ENV PYTHONPATH=/opt/airflow
