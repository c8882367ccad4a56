# `report` with what it needs: a browser for `--pdf`, git for the revision of a project, and Python for programs.
#
#   docker build --build-arg REVISION="$(git rev-parse --short=12 HEAD)" --tag report .
#   docker run --rm --user "$(id -u)" --volume "$PWD:/paper" report build
#   docker run --rm --user "$(id -u)" --volume "$PWD:/paper" --network host report serve

FROM rust:1.95-slim-bookworm AS build
ARG REVISION=
ENV REPORT_REVISION=$REVISION
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
# The container is the sandbox: in it, that of Chromium cannot start. Its memory for shared files is small.
RUN echo 'export CHROMIUM_FLAGS="$CHROMIUM_FLAGS --no-sandbox --disable-dev-shm-usage"' > /etc/chromium.d/report
# The project belongs to a user of the host.
RUN git config --system --add safe.directory '*'
COPY --from=build /usr/local/bin/report /usr/local/bin/report
# Chromium writes its settings into the home directory, whoever the user is.
ENV HOME=/tmp
WORKDIR /paper
ENTRYPOINT ["report"]
CMD ["--help"]
