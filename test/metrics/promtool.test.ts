/** What Prometheus' own program says about our metrics and rules; skipped, with a message, if it is not installed (Debian: `prometheus`). */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { prometheusText } from '../../src/metrics/prometheus.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const grafana = join(import.meta.dirname, '../../docs/grafana');
const isInstalled = spawnSync('promtool', ['--version']).status === 0;

function promtool(args: readonly string[], input = ''): { readonly code: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync('promtool', [...args], { input, encoding: 'utf8' });
  return { code: status, text: stdout + stderr };
}

async function exposed(): Promise<string> {
  const { sender } = aliceSends();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x' });
  await sender.pause('alice@contoso.com', { why: 'moved' });
  const text = await prometheusText(sender);
  await sender.stop();
  return text;
}

describe.skipIf(!isInstalled)('promtool', () => {
  it('accepts the output of prometheusText() without a warning', async () => {
    expect(promtool(['check', 'metrics'], await exposed())).toEqual({ code: 0, text: '' });
  });

  it('detects invalid metrics', () => {
    expect(promtool(['check', 'metrics'], 'x{ 1\n').code).not.toBe(0);
  });

  it('accepts the alert rules of docs/grafana', () => {
    const { code, text } = promtool(['check', 'rules', join(grafana, 'alerts.yml')]);
    expect(text).toContain('SUCCESS: 5 rules found');
    expect(code).toBe(0);
  });
});

/** Expressions of the dashboard and the rules. */
async function expressions(): Promise<readonly string[]> {
  const dashboard = JSON.parse(await readFile(join(grafana, 'dashboard.json'), 'utf8')) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
    readonly templating: { readonly list: readonly { readonly definition?: string }[] };
  };
  const rules = parse(await readFile(join(grafana, 'alerts.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
  };
  return [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
    ...rules.groups.flatMap(({ rules: all }) => all.map(({ expr }) => expr)),
  ];
}

it('every metric and state used by the dashboard and the rules is exposed', async () => {
  const text = await exposed();
  const all = await expressions();
  expect(all.length).toBeGreaterThan(12);
  for (const expression of all) {
    const names = expression.match(/offline_im_\w+/g) ?? [];
    expect(names.length, expression).toBeGreaterThan(0);
    for (const name of names) expect(text, expression).toMatch(new RegExp(`^${name}[ {]`, 'm'));
    for (const [, state = ''] of expression.matchAll(/state(?:=|!~)"([^"]+)"/g)) {
      for (const one of state.split('|')) expect(text, expression).toContain(`{state="${one}"}`);
    }
  }
});
