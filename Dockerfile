# `report` with what it needs: a browser for `--pdf`, git for the revision of a project, and Python for programs.
#
#   docker build --build-arg REVISION="$(git rev-parse --short=12 HEAD)" --tag report .
#   docker run --rm --user "$(id -u)" --volume "$PWD:/paper" report build

FROM rust:1.95-slim-bookworm AS build
ARG REVISION=
ENV REPORT_REVISION=$REVISION
# The C compiler of zstd and ring.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Cargo.toml Cargo.lock build.rs README.md ./
COPY src src
COPY templates templates
COPY experiments experiments
COPY docs docs
# The manifest names these.
COPY benches benches
COPY tests tests
RUN cargo install --locked --path . --root /usr/local

FROM debian:bookworm-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates chromium fonts-liberation git python3 && \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/report /usr/local/bin/report
# Chromium writes its settings into the home directory, whoever the user is.
ENV HOME=/tmp
WORKDIR /paper
ENTRYPOINT ["report"]
CMD ["--help"]
