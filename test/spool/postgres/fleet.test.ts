import { expect, it } from 'vitest';
import { disturbances, graceWhenDisturbed } from '../../crash/disturb.ts';
import { cleanVerdict, torture } from '../../crash/torture.ts';
import { useServer } from './fixture.ts';

const fixture = useServer({ own: true });
const fromEnvironment = (name: string, byDefault: number): number => Number(process.env[`OFFLINE_IM_FLEET_${name}`] ?? byDefault);
const messages = fromEnvironment('MESSAGES', 400);
const mailboxes = fromEnvironment('MAILBOXES', 20);
// Eight of twelve are killed when they are ready, and disturbed before: once in every way.
const kills = fromEnvironment('KILLS', 12);
const seed = Number(process.env.OFFLINE_IM_SEED ?? Math.floor(Math.random() * 2 ** 31));

it(`three processes on one spool, killed, suspended, cut off from a server that restarts and crashes: ${messages} messages of ${mailboxes} mailboxes, seed ${seed}`, {
  timeout: 900_000 + messages * 60,
}, async () => {
  const {
    bodies: _,
    waits: __,
    struck: ___,
    calls: ____,
    dead: _____,
    ...verdict
  } = await torture({
    spool: 'postgres',
    connectionString: fixture.server.connectionString,
    kills,
    messages,
    workers: 3,
    mailboxes,
    seed,
    loss: 0.15,
    probeGrace: graceWhenDisturbed,
    disturb: disturbances({ server: fixture.server }),
  });
  expect(verdict).toEqual(cleanVerdict(messages));
});
