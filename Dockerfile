# Everything that a run needs, from the same pins as `make setup`;
# docs/how-to/container.md explains its use.
#   docker build --tag blendmf .
ARG PYTHON=3.11
FROM python:${PYTHON}-slim-bookworm

# Address of a package index with the CPU-only build of PyTorch. Without it pip installs the
# CUDA build, several GB larger.
ARG PIP_EXTRA_INDEX_URL=

# The image may run as any user, even one without a home or a name in it.
ENV HOME=/tmp \
    USER=blendmf \
    BLENDMF=/opt/blendmf \
    NUMBA_CACHE_DIR=/opt/numba-cache \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

# A separate layer, because the packages change rarely and take minutes and gigabytes.
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
    && chmod -R a+rX,go-w "$NUMBA_CACHE_DIR"

# Results are written to the folder that is mounted here.
WORKDIR /work
USER 1000:1000
CMD ["snakemake", "--snakefile", "/opt/blendmf/Snakefile", \
     "--workflow-profile", "/opt/blendmf/profiles/default"]
