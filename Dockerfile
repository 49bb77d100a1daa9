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

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE README.md ./
COPY schemas schemas
COPY smart-data-models smart-data-models
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /declared/agents agents
RUN install -d -o node -g node /data /config \
  && chmod 0755 dist/bin/klavze.js \
  && ln -s /app/dist/bin/klavze.js /usr/local/bin/klavze
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=4 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["klavze"]
CMD ["up"]
