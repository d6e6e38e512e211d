// usage: unleash-server.mjs PORT DATABASE_PORT
import { start } from 'unleash-server';

const [port, database] = process.argv.slice(2).map(Number), many = 1e9;
await start({
  db: { host: '127.0.0.1', port: database, user: 'bench', password: '', database: 'unleash', ssl: false },
  server: { port, host: '127.0.0.1' },
  authentication: { initApiTokens: [
    { environment: '*', projects: ['*'], secret: '*:*.bench-admin-secret', type: 'admin', tokenName: 'admin' },
    { environment: 'development', projects: ['*'], secret: '*:development.bench-frontend-secret', type: 'frontend', tokenName: 'frontend' },
  ] },
  rateLimiting: { createUserMaxPerMinute: many, simpleLoginMaxPerMinute: many, passwordResetMaxPerMinute: many, callSignalEndpointMaxPerSecond: many },
  metricsRateLimiting: { clientMetricsMaxPerMinute: many, clientRegisterMaxPerMinute: many, frontendMetricsMaxPerMinute: many, frontendRegisterMaxPerMinute: many },
  versionCheck: { enable: false }, telemetry: false, logLevel: 'error', disableLegacyFeaturesApi: true,
});
