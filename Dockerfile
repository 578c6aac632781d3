FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked --package server --bin portolan
FROM debian:bookworm-slim
RUN useradd --create-home portolan && mkdir /data && chown portolan /data
USER portolan
COPY --from=build /src/target/dist/portolan /portolan
VOLUME /data
EXPOSE 7878
HEALTHCHECK CMD ["/portolan", "healthcheck"]
CMD ["/portolan", "serve", "--data", "/data", "--listen", "0.0.0.0:7878"]
