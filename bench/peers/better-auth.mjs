// The peer: better-auth's e-mailed code sign-in over PostgreSQL and Redis, rate limit off, doing
// equal work: the code's message is queued durably (one row), the session stands in PostgreSQL and
// Redis, and a sign-in writes an audit row. Every code is 123456, so that a load generator knows
// it.
// Environment: PORT, POSTGRES_URL, REDIS_URL. Prints "ready" when it listens.
import {createServer} from 'node:http';
import {betterAuth} from 'better-auth';
import {getMigrations} from 'better-auth/db/migration';
import {toNodeHandler} from 'better-auth/node';
import {emailOTP} from 'better-auth/plugins';
import {Redis} from 'ioredis';
import pg from 'pg';

const database = new pg.Pool({connectionString: process.env.POSTGRES_URL, max: 12});
const redis = new Redis(process.env.REDIS_URL, {keyPrefix: 'better-auth:'});

const secondaryStorage = {
  get: (key) => redis.get(key),
  set: (key, value, ttl) => (ttl ? redis.set(key, value, 'EX', ttl) : redis.set(key, value)),
  delete: (key) => redis.del(key),
  getAndDelete: (key) => redis.getdel(key),
  increment: (key, ttl) =>
    redis.multi().incr(key).expire(key, ttl).exec().then((replies) => replies[0][1]),
};

const options = {
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: 'a secret of the bench, and of nothing else',
  database,
  secondaryStorage,
  session: {storeSessionInDatabase: true},
  rateLimit: {enabled: false},
  advanced: {disableCSRFCheck: true, disableOriginCheck: true},
  logger: {level: 'error'},
  telemetry: {enabled: false},
  plugins: [
    emailOTP({
      storeOTP: 'hashed',
      generateOTP: () => '123456',
      async sendVerificationOTP({email, otp}) {
        await database.query('INSERT INTO bench_message (recipient, code) VALUES ($1, $2)',
            [email, otp]);
      },
    }),
  ],
  databaseHooks: {
    session: {
      create: {
        async after(session) {
          await database.query('INSERT INTO bench_audit (type, subject) VALUES ($1, $2)',
              ['session.started', session.id]);
        },
      },
    },
  },
};

await database.query('CREATE TABLE IF NOT EXISTS bench_message ' +
    '(id bigserial PRIMARY KEY, recipient text, code text, time timestamptz DEFAULT now())');
await database.query('CREATE TABLE IF NOT EXISTS bench_audit ' +
    '(id bigserial PRIMARY KEY, type text, subject text, time timestamptz DEFAULT now())');
await (await getMigrations(options)).runMigrations();
createServer(toNodeHandler(betterAuth(options)))
    .listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
