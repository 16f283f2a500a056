# What a run needs, from the same pins as `make setup`; docs/deployment.md says how to use it.
#   docker build --tag blendmf .
ARG PYTHON=3.11
FROM python:${PYTHON}-slim-bookworm

# Address of a package index with the CPU-only build of PyTorch. Without one it is the CUDA build,
# several GB more.
ARG PIP_EXTRA_INDEX_URL=

# An image may be run by anyone, who need not have a home in it; USER answers who asks for a name.
ENV HOME=/tmp \
    USER=blendmf \
    BLENDMF=/opt/blendmf \
    NUMBA_CACHE_DIR=/opt/numba-cache \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

# The packages change seldom and take minutes and gigabytes, hence a layer of their own.
WORKDIR /opt/blendmf
COPY requirements.txt constraints.txt ./
RUN python -m pip install --constraint constraints.txt --requirement requirements.txt

COPY pyproject.toml README.md LICENSE Snakefile config.yaml environment.yml ./
COPY profiles profiles
COPY scripts scripts
COPY workflow workflow
COPY src src
RUN python -m pip install --no-deps --editable . \
    && python -m blendmf.training.precompile \
    && chmod -R a+rwX "$NUMBA_CACHE_DIR"

# Results come to lie in the folder that is mounted here.
WORKDIR /work
USER 1000:1000
CMD ["snakemake", "--snakefile", "/opt/blendmf/Snakefile", \
     "--workflow-profile", "/opt/blendmf/profiles/default", "--quiet", "host", "reason", \
     "--report", "results/report.html", "--report-after-run"]
