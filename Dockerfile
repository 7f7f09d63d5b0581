# The image of a deployment, target `airflow`: Airflow's own slim image, what is locked in requirements.txt, and this
# project's code. The full image brings a hundred providers at other versions, which the lock would break.
# Target `kubernetes` adds the KubernetesExecutor and remote logs (docs/kubernetes.md); target `demo` the demo campaign,
# the local Encord, the local S3 and the simulated annotators.
FROM apache/airflow:slim-3.3.2-python3.12 AS locked

# The editable install writes here what the distribution is called.
USER 0
RUN install --directory --owner=50000 --group=0 --mode=0775 /opt/airflow/plugins
USER 50000:0

COPY requirements.txt /opt/airflow/
RUN pip install --no-cache-dir --requirement /opt/airflow/requirements.txt

# Editable: the distribution gives Airflow the connection type, and the code is what lies in plugins/.
COPY --chown=50000:0 pyproject.toml README.md LICENSE /opt/airflow/
COPY --chown=50000:0 plugins/encord_provider /opt/airflow/plugins/encord_provider
RUN pip install --no-cache-dir --no-deps --editable /opt/airflow

# `include` is imported as a package from the folder above it.
ENV PYTHONPATH=/opt/airflow


FROM locked AS demo

COPY requirements-demo.txt /opt/airflow/
RUN pip install --no-cache-dir --requirement /opt/airflow/requirements-demo.txt

USER 0
COPY dags /opt/airflow/dags
COPY plugins /opt/airflow/plugins
COPY include /opt/airflow/include
# What the demo makes: its keys, its files and the local Encord's database; a volume takes over this folder's owner.
RUN install --directory --owner=50000 --group=0 --mode=0770 /demo \
    && python -m compileall -q /opt/airflow/dags /opt/airflow/plugins /opt/airflow/include \
    && chown --recursive root:0 /opt/airflow/plugins \
    && chmod --recursive u=rwX,go=rX /opt/airflow/dags /opt/airflow/plugins /opt/airflow/include
USER 50000:0


FROM locked AS airflow

# The code is root's: tasks run as another user and cannot change it.
USER 0
COPY dags /opt/airflow/dags
COPY plugins /opt/airflow/plugins
COPY include /opt/airflow/include
# Not here: what imitates Encord, and the campaign `demo`, which is not paused and would ask the real one every two minutes.
RUN rm -r /opt/airflow/dags/benchmark_qa__demo.py /opt/airflow/include/campaigns/demo.yaml \
        /opt/airflow/include/demo /opt/airflow/include/encord_emulator /opt/airflow/include/native_stack \
        /opt/airflow/include/simulated_annotators \
    && python -m compileall -q /opt/airflow/dags /opt/airflow/plugins /opt/airflow/include \
    && chown --recursive root:0 /opt/airflow/plugins \
    && chmod --recursive u=rwX,go=rX /opt/airflow/dags /opt/airflow/plugins /opt/airflow/include
USER 50000:0


FROM airflow AS kubernetes

COPY requirements-kubernetes.txt /opt/airflow/
RUN pip install --no-cache-dir --requirement /opt/airflow/requirements-kubernetes.txt


# Built where no target is named.
FROM airflow
