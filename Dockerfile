# The build stage needs the internet: Deno's image, the npm packages of deno.lock and the base runtime that
# `deno compile` embeds. The result is one executable on a distroless base, run by a user without a name.
ARG DENO_VERSION=2.9.6

FROM docker.io/denoland/deno:${DENO_VERSION} AS build
WORKDIR /src
COPY . .
RUN deno task build

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="kcfg" \
      org.opencontainers.image.description="Everything that configuration does in Kubernetes" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /src/dist/kcfg /usr/local/bin/kcfg
# glibc takes freed buffers of a large file back and keeps them, unless it is told from which size on it must not.
ENV MALLOC_MMAP_THRESHOLD_=131072
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/kcfg"]
CMD ["help"]
