# syntax=docker/dockerfile:1
# One image for the worker, the API and the CLI; the command says which. Debian, because the Temporal SDK's native part
# is built for glibc.
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# The embedded stack and the simulated systems need development dependencies and have no place in production.
RUN npm run build && npm prune --omit=dev && rm -rf dist/sandbox dist/bench

FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/config/policy.json ./config/policy.json
USER node
# The API; the worker (its health port).
EXPOSE 8080 9464
CMD ["node", "dist/api/main.js"]
