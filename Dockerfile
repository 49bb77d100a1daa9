FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The build needs types and the compiler only; `prepare` would look for sources that are not here yet.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY core core
COPY agents agents
COPY adapters adapters
COPY embedded embedded
COPY sharing sharing
COPY gateway gateway
COPY bin bin
RUN npm run build
# Declared decoders are read as they are.
RUN mkdir /declared && cp --parents agents/decoders/[a-z]*/decoder.yaml /declared

FROM node:20-bookworm-slim AS packages
WORKDIR /app
# For better-sqlite3 where its prebuilt binary does not exist or cannot be fetched.
RUN apt-get update -q && apt-get install -q -y --no-install-recommends python3 make g++
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm rebuild better-sqlite3
# What is inside, for who checks it for known faults: /app/sbom.cdx.json.
# (--omit=dev would leave out packages that tools need, too.)
RUN npm pkg delete devDependencies && npm sbom --sbom-format=cyclonedx > sbom.cdx.json

FROM node:20-bookworm-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="klavze" \
  org.opencontainers.image.description="FIWARE NGSI-LD adapter suite: sensors and datasets of a municipality become Smart Data Models entities in a context broker" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.licenses="EUPL-1.2" \
  org.opencontainers.image.base.name="docker.io/library/node:20-bookworm-slim"
# Without a limit each thread has memory of its own that it seldom gives back: some 10 MB.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
# Klavže needs Node alone: what could fetch or install more is not in the image.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
  /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-*
WORKDIR /app
COPY package.json LICENSE README.md ./
COPY schemas schemas
COPY smart-data-models smart-data-models
COPY --from=packages /app/node_modules node_modules
COPY --from=packages /app/sbom.cdx.json ./
COPY --from=build /app/dist dist
COPY --from=build /declared/agents agents
RUN install -d -o node -g node /data /config \
  && chmod 0755 dist/bin/klavze.js \
  && ln -s /app/dist/bin/klavze.js /usr/local/bin/klavze
# By number, so that a platform can see that it is not root. It is the user `node`.
USER 1000:1000
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=4 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["klavze"]
CMD ["up"]
