import fc from 'fast-check';
import { anyCommand, type Command, command, many } from '../commands.ts';
import { anyDeliverAnswer, anyProbeAnswer, type DeliverAnswer, type ProbeAnswer } from './answers.ts';
import type { Exchange } from './exchange.ts';

type Scripted = Command<Exchange>;

const weather = (answers: readonly DeliverAnswer[]): Scripted =>
  command('answers', answers, async ({ server }) => void server.answers.push(...answers));

const probes = (answers: readonly ProbeAnswer[]): Scripted =>
  command('probeAnswers', answers, async ({ server }) => void server.probeAnswers.push(...answers));

/** No probe works for hours. */
const blackout = (): Scripted =>
  command('blackout', undefined, async ({ server }) => {
    for (let count = 0; count < 150; count++) server.probeAnswers.push({ told: 'unknown', outbox: false, takes: 0 });
  });

/** Listed as often as they should occur. */
export const anyScriptedCommand: fc.Arbitrary<Scripted>[] = [
  ...anyCommand,
  many(anyDeliverAnswer).map(weather),
  many(anyDeliverAnswer).map(weather),
  many(anyDeliverAnswer).map(weather),
  many(anyProbeAnswer).map(probes),
  fc.constant(0).map(blackout),
];
