// The peer: better-auth's e-mailed code sign-in over PostgreSQL and Redis, rate limit off, doing
// equal database work: the code's message and its credit's reservation are kept in one statement
// before the answer, then it is posted to the same SMS provider and settled in another; the session
// stands in PostgreSQL and Redis, and a sign-in writes an audit row. Every code is 123456, so that
// a load generator knows it.
// Environment: PORT, POSTGRES_URL, REDIS_URL, SMS_URL, SMS_ACCOUNT, SMS_TOKEN. Prints "ready" when
// it listens.
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

const KEEP = `WITH message AS (INSERT INTO bench_message (recipient, code) VALUES ($1, $2)
    RETURNING id),
  account AS (UPDATE bench_account SET balance = balance - 1, entries = entries + 1
    WHERE id = $3 RETURNING balance, entries)
  INSERT INTO bench_entry (account, number, message, kind, balance)
    SELECT $3, entries, message.id, 'reservation', balance FROM account, message
    RETURNING message`;
const SETTLE = `WITH message AS (UPDATE bench_message SET state = 'sent', provider_id = $2
    WHERE id = $1 RETURNING id),
  account AS (UPDATE bench_account SET entries = entries + 1 WHERE id = $3
    RETURNING balance, entries)
  INSERT INTO bench_entry (account, number, message, kind, balance)
    SELECT $3, entries, message.id, 'charge', balance FROM account, message`;
const ACCOUNTS = 64;
const messages =
    `${process.env.SMS_URL}/2010-04-01/Accounts/${process.env.SMS_ACCOUNT}/Messages.json`;
const basic = Buffer.from(`${process.env.SMS_ACCOUNT}:${process.env.SMS_TOKEN}`).toString('base64');

async function deliver(id, account, email, otp) {
  const answer = await fetch(messages, {
    method: 'POST',
    headers: {Authorization: `Basic ${basic}`},
    body: new URLSearchParams({To: email, From: 'peer', Body: `${otp} is your code`}),
  });
  const {sid} = await answer.json();
  await database.query({name: 'settle', text: SETTLE, values: [id, sid, account]});
}

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
        const account = Math.floor(Math.random() * ACCOUNTS);
        const {rows} =
            await database.query({name: 'keep', text: KEEP, values: [email, otp, account]});
        deliver(rows[0].message, account, email, otp).catch(console.error);
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
    '(id bigserial PRIMARY KEY, recipient text, code text, time timestamptz DEFAULT now(), ' +
    "state text DEFAULT 'queued', provider_id text)");
await database.query('CREATE TABLE IF NOT EXISTS bench_account ' +
    '(id int PRIMARY KEY, balance bigint, entries bigint)');
await database.query('CREATE TABLE IF NOT EXISTS bench_entry (account int, number bigint, ' +
    'message bigint, kind text, balance bigint, PRIMARY KEY (account, number))');
await database.query('INSERT INTO bench_account SELECT i, 1000000, 0 FROM ' +
    `generate_series(0, ${ACCOUNTS - 1}) AS i ON CONFLICT DO NOTHING`);
await database.query('CREATE TABLE IF NOT EXISTS bench_audit ' +
    '(id bigserial PRIMARY KEY, type text, subject text, time timestamptz DEFAULT now())');
await (await getMigrations(options)).runMigrations();
createServer(toNodeHandler(betterAuth(options)))
    .listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
