import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { RunRecord } from '../../src/language/generated/run-record.types.ts';
import type { TestDatabase } from '../services/database.ts';
import { createProduction, type Production } from './production.ts';
import { nightlyPlan, secretVariables, type Told, type Workspace } from './workspace.ts';

const services = inject('services');
const hourMs = 3_600_000;

/** A systemctl of an account that has every unit loaded, timers as `timers-are` says, and a nightly run that failed at `failed-at`. */
const systemctl = `#!/bin/bash
[[ " $* " == *" show "* ]] || exit 0
while [[ $1 != -- ]]; do shift; done
shift
for unit; do
  echo "Id=$unit"
  echo LoadState=loaded
  if [[ $unit == *.timer ]]; then echo "ActiveState=$(cat "$HOME/timers-are")"; else echo ActiveState=inactive; fi
  printf 'UnitFileState=enabled\\nNeedDaemonReload=no\\n'
  if [[ $unit == *nightly-prod.service && -e $HOME/failed-at ]]; then
    printf 'Result=exit-code\\nExecMainStatus=20\\nExecMainStartTimestamp=%s\\n\\n' "$(cat "$HOME/failed-at")"
  else
    printf 'Result=success\\nExecMainStatus=0\\nExecMainStartTimestamp=\\n\\n'
  fi
done
`;

let production: Production;
let workspace: Workspace;
let database: TestDatabase;
let variables: Readonly<Record<string, string>>;

beforeEach(async () => {
  production = await createProduction(
    services,
    'create table orders as select generate_series(1, 500) as n',
    { others: '  scratch: { postgres: { ephemeral: true } }\n' },
  );
  ({ workspace, database } = production);
  await mkdir(join(workspace.folder, 'bin'));
  await workspace.write('bin/systemctl', systemctl);
  await chmod(join(workspace.folder, 'bin/systemctl'), 0o755);
  await workspace.write('timers-are', 'active');
  variables = {
    ...secretVariables(services),
    HOME: workspace.folder,
    XDG_CONFIG_HOME: join(workspace.folder, '.config'),
    PATH: `${join(workspace.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  };
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
  await workspace.write(
    'plans/validate-weekly.yaml',
    `environment: scratch
schedule: [{ calendar: weekly }]
timeout: 10m
steps:
  - task: postgres-restore
    with: { from: prod }
  - task: restore-compare
`,
  );
  // The example itself, as an account without a site of its own and with any disk has it.
  const example = await readFile(new URL('../../plans/watch.yaml', import.meta.url), 'utf8');
  await workspace.write(
    'plans/watch.yaml',
    example
      .replace(/^ +with: \{ urls: .*\n/m, '')
      .replace(/(- task: timer-check).*\n/, '$1\n    with: { of: user }\n')
      .replace(
        /(- task: space-check).*\n/,
        '$1\n    with: { fail-below: 1kB, warn-below: 1kB, fail-below-inodes: 0% }\n',
      ),
  );
});

afterEach(() => production.remove());

async function watch(): Promise<Told & { readonly record: RunRecord }> {
  const told = await workspace.run(['watch'], variables);
  const record = (await workspace.records('watch')).at(-1);
  if (record === undefined) throw new Error(told.text);
  return { ...told, record };
}

function outcomes({ steps }: RunRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(steps.map(({ id, outcome }) => [id, outcome]));
}

test('the watch hears of everything that silently stopped at once, and is quiet when all is set right', async () => {
  const yesterday = new Date(Date.now() - 25 * hourMs);
  const name = await workspace.storeStandIn(yesterday, { database: database.name });

  const bad = await watch();
  expect(bad.code, bad.text).toBe(21);
  expect(outcomes(bad.record)).toEqual({
    'artifact-check': 'failed',
    'drill-check': 'failed',
    'timer-check': 'failed',
    'credential-check': 'succeeded',
    'space-check': 'succeeded',
  });
  expect(bad.text).toContain(`expected a verified artifact not older than 1d, found ${name}, 1d 1h old`);
  expect(bad.text).toContain(
    'drill validate-weekly: expected a drill that passed, as often as its schedule says, found none has ever passed',
  );
  expect(bad.text).toMatch(/timer of nightly-prod: .* it is missing/);
  const [artifacts] = bad.record.steps;
  expect(artifacts?.facts).toMatchObject({ checks: [{ name: `age of ${database.name}`, state: 'failed' }] });

  for (const words of [['nightly-prod'], ['validate-weekly'], ['apply', '--user', '--yes']]) {
    const told = await workspace.run(words, variables);
    expect(told.code, told.text).toBe(0);
  }
  // A run that failed before the one by hand is over.
  await workspace.write('failed-at', 'Wed 2025-01-01 02:00:00 UTC');
  const good = await watch();
  expect(good.code, good.text).toBe(0);

  await workspace.write('timers-are', 'inactive');
  await workspace.write('failed-at', 'Fri 2100-01-01 02:00:00 UTC');
  await workspace.write('plans/broken.yaml', 'environment: prod\nstep: []\n');
  const disabled = await watch();
  expect(disabled.code, disabled.text).toBe(21);
  expect(Object.values(outcomes(disabled.record)).filter((outcome) => outcome !== 'succeeded')).toEqual([
    'failed',
  ]);
  expect(disabled.text).toContain(
    'run-plan@nightly-prod.timer: the timer does not run; the last run of 2100-01-01T02:00:00.000Z ended with exit-code (exit 20)',
  );
  expect(disabled.text).toContain('timer of broken: expected a plan without errors');
});
