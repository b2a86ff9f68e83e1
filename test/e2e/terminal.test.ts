import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import widthOf from 'fast-string-width';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorkspace, type Told, type Workspace } from './workspace.ts';

/** What somebody else may write into a document that we show, and a terminal or a log must never be told. */
const hostile =
  'h\u001b[31mred\u001b]0;title\u0007 \u009b2J\r\n::error::forged\n<3>urgent ##[error]x\u202egnp.exe\u2066\u200b\u2028日本語 e\u0301\u007f';
const inYaml = JSON.stringify(hostile);

const environments = `environments:
  prod:
    owner: ${inYaml}
    postgres: { host: 127.0.0.1, port: 1, database: ${inYaml}, user: ${inYaml} }
    repository: { folder: REPOSITORY }
    alerts:
      - command: { run: 'if printenv SAID >&2; then exit 1; fi' }
`;
const nightly = `description: ${inYaml}
environment: prod
schedule: [{ calendar: "*-*-* 02:00:00 UTC" }]
objectives: { rpo: 24h }
retention: { keep-last: 1 }
parameters: { who: { default: ${inYaml} } }
timeout: 10m
steps:
  - { task: postgres-dump, name: ${inYaml} }
  - task: artifact-verify
  - task: artifact-prune
  - run: ${JSON.stringify(`echo ${hostile}`)}
`;
const drill = `description: ${inYaml}
environment: prod
timeout: 5m
steps:
  - { task: tape-restore, name: ${inYaml} }
  - run: echo looked at
  - confirm: ${inYaml}
`;
const failing = `environment: prod
timeout: 5m
steps:
  - { run: 'cat said.txt; cat said.txt >&2; exit 3', name: ${inYaml} }
`;
const broken = `${inYaml}: 1
environment: ${inYaml} # \u009b \u202e
日本語: 2
steps: [{ task: ${inYaml} }, { run: x, when: ${inYaml} }]
`;
const tapeRestore = `const text = ${inYaml};
export default {
  name: 'tape-restore',
  description: text,
  needs: [],
  writes: [],
  role: 'restore',
  outputs: [],
  parameters: { type: 'object', additionalProperties: false },
  run: () =>
    Promise.resolve({
      bytes: 1000,
      facts: { checks: [{ name: text, state: 'passed' }], restore: { artifact: text, source: text } },
    }),
};
`;

let workspace: Workspace;

beforeAll(async () => {
  workspace = await createWorkspace();
  await workspace.write(
    'plans/environments.yaml',
    environments.replace('REPOSITORY', workspace.repositoryFolder),
  );
  await workspace.write('plans/nightly.yaml', nightly);
  await workspace.write('plans/drill.yaml', drill);
  await workspace.write('plans/failing.yaml', failing);
  await workspace.write('tasks/tape-restore.ts', tapeRestore);
  await workspace.write('said.txt', `${hostile}\n`);
  await workspace.write('broken/run-plan.yaml', 'plans: plans\nstate: state\n');
  await workspace.write('broken/plans/environments.yaml', 'environments: { prod: {} }\n');
  await workspace.write('broken/plans/broken.yaml', broken);
  const ago = (hours: number): Date => new Date(Date.now() - (hours + 0.5) * 3_600_000);
  await workspace.storeStandIn(ago(100), { database: 'cleaning' });
  await workspace.storeStandIn(ago(90), { database: 'cleaning', environment: hostile });
  await workspace.storeStandIn(ago(80), {
    change: (manifest) => ({ ...manifest, files: manifest.files.map((file) => ({ ...file, key: hostile })) }),
  });
  await workspace.storeStandIn(ago(70), {
    change: (manifest) => ({ ...manifest, database: hostile, runId: hostile }),
  });
  await writeFile(
    join(workspace.repositoryFolder, `pg_left\u001b[31m\n::error::over_20250101T020000Z.dump`),
    'x',
  );
  for (const plan of ['drill', 'failing']) {
    const ended = await workspace.run([plan]);
    expect(ended.code, ended.text).toBe(plan === 'drill' ? 0 : 20);
    await rewriteRecords(plan);
  }
}, 120_000);

afterAll(() => workspace.remove());

/** As a host that is not ours could have written them. */
async function rewriteRecords(plan: string): Promise<void> {
  for (const folder of [join(workspace.repositoryFolder, 'runs', plan)]) {
    for (const name of await readdir(folder)) {
      const record = JSON.parse(await readFile(join(folder, name), 'utf8')) as Record<string, unknown>;
      const error = { code: 'bug', message: hostile, hint: hostile, where: hostile };
      await writeFile(join(folder, name), JSON.stringify({ ...record, host: hostile, error }));
    }
    await writeFile(join(folder, `${plan}-20250101T020000Z-::error::.json`), 'no record');
  }
}

/** Every command that shows documents, and what failures say. */
const commands: readonly (readonly string[])[] = [
  ['list'],
  ['show', 'nightly'],
  ['show', 'drill'],
  ['nightly', '--dry-run'],
  ['artifacts'],
  ['restore', '--list'],
  ['restore', '--from', 'prod', '--to', 'prod'],
  ['status'],
  ['diff'],
  ['apply', 'nightly'],
  ['history'],
  ['history', '--repository'],
  ['report'],
  ['report', 'drill', '--format', 'text'],
  ['report', '--verify'],
  ['timers'],
  ['timers', 'nightly'],
  ['doctor'],
  ['alerts', 'list'],
  ['alerts', 'test'],
  ['validate'],
  ['validate', '--config', 'broken/run-plan.yaml'],
  ['show', hostile],
  ['list', `--${hostile}`],
  ['failing', '--log-format', 'lines'],
];
/** And those that print documents for programs. */
const documents: readonly (readonly string[])[] = [
  ['report', 'drill', '--format', 'markdown'],
  ['report', 'drill', '--format', 'html'],
  ['metrics'],
  ['export', 'cron', 'nightly'],
  ['validate', '--config', 'broken/run-plan.yaml', '--format', 'github'],
  ['failing', '--log-format', 'journald'],
  ['failing', '--log-format', 'github'],
  ['failing', '--json'],
  ['artifacts', '--json'],
  ['history', '--repository', '--json'],
  ['list', '--json', '--color', 'always'],
  ['validate', '--config', 'broken/run-plan.yaml', '--json'],
];

const ownColours = new RegExp(String.raw`\u001b\[(?:1|22|3[123]|39|90)m`, 'g');
const neverTold = /[^\P{C}\n\u200c\u200d]|[\u2028\u2029]/u;

/** Test names reach terminals as well. */
function nameOf(words: readonly string[], index: number): string {
  return `${String(index)} run-plan ${words.map((word) => (word.includes(hostile) ? 'HOSTILE' : word)).join(' ')}`;
}

/** Nothing steers the terminal, and no line is a command of a log. */
function expectVisible(text: string, shown: string): void {
  expect(neverTold.exec(text)?.[0], shown).toBeUndefined();
  for (const line of text.split('\n')) {
    expect(line, shown).not.toMatch(/^\s*::error::forged/);
    expect(line, shown).not.toMatch(/^<3>urgent/);
    if (!line.startsWith('::')) expect(line, shown).not.toMatch(/##\[/);
  }
}

/** A channel that fails tries again for a while: only its own test is to see that. */
function saying(words: readonly string[]): Record<string, string> {
  return words[0] === 'alerts' ? { SAID: hostile } : {};
}

function told(words: readonly string[], columns?: number, colour = 'never'): Promise<Told> {
  return workspace.run([...words, '--color', colour], saying(words), columns);
}

describe.each(commands.map((words, index) => ({ words, name: nameOf(words, index) })))(
  '$name',
  ({ words }) => {
    let wide: Told;

    beforeAll(async () => {
      wide = await told(words);
    });

    test('tells a pipe nothing that steers a terminal or a log', () => {
      expect(wide.text).not.toBe('');
      expectVisible(wide.text, wide.text);
    });

    // A channel that fails is tried for a while.
    const widths = words[1] === 'test' ? [60] : [120, 80, 60, 40];
    test.each(widths)('fits %i columns without breaking a word, and colour adds nothing', async (columns) => {
      const narrow = await told(words, columns);
      expect(narrow.code).toBe(wide.code);
      expectVisible(narrow.text, narrow.text);
      const known = new Set(wide.text.toLowerCase().split(/\s+/));
      for (const line of narrow.text.split('\n')) {
        if (widthOf(line) > columns) expect(line.trim(), narrow.text).not.toMatch(/\s/);
        // Times and what is counted go on meanwhile, their units too, and so do ids of runs.
        const broken = line
          .toLowerCase()
          .split(/\s+/)
          .filter((word) => !known.has(word) && !/\d|^\^+$|^m?s$/.test(word));
        expect(broken, `${narrow.text}\n\n${wide.text}`).toEqual([]);
      }
      if (words[1] === 'test') return;
      const coloured = await told(words, columns, 'always');
      expectVisible(coloured.text.replaceAll(ownColours, ''), coloured.text);
    });
  },
);

test.each(documents.map((words) => ({ words, name: words.join(' ') })))(
  'run-plan $name tells programs nothing that steers a terminal',
  async ({ words }) => {
    const { stdout, stderr } = await workspace.run(words, saying(words));
    expect(stdout, stderr).not.toBe('');
    expect(neverTold.exec(stdout.replaceAll('\t', ''))?.[0], stdout).toBeUndefined();
    if (words[0] === 'failing') expectVisible(stdout, stdout);
    if (words.includes('--json') && words[0] !== 'failing')
      expect(JSON.stringify(JSON.parse(stdout))).not.toBe('');
  },
);

describe('colour', () => {
  test('says what the word says, on a terminal only, and never with NO_COLOR', async () => {
    const coloured = await workspace.run(['history'], {}, 100);
    expect(coloured.stdout).toContain('\u001b[31mfailed\u001b[39m');
    expect(stripVTControlCharacters(coloured.stdout)).toContain('failed');
    for (const plain of [
      await workspace.run(['history'], {}),
      await workspace.run(['history'], { NO_COLOR: '1' }, 100),
      await workspace.run(['history', '--color', 'never'], {}, 100),
      await workspace.run(['--color', 'never', 'history'], {}, 100),
    ])
      expect(plain.stdout).not.toContain('\u001b');
    const forced = await workspace.run(['history', '--color', 'always'], { NO_COLOR: '1' });
    expect(forced.stdout).toContain('\u001b[31mfailed');
  });
});

test('times are told both ways, in the zone of the plan, and as UTC to programs', async () => {
  const shown = await workspace.run(['show', 'nightly']);
  expect(shown.stdout).toMatch(/next runs {2,}in \S.* \(\d{4}-\d\d-\d\d 02:00 UTC\)/);
  const data = await workspace.run(['artifacts', '--json']);
  expect(data.stdout).toMatch(/"createdAt": "\d{4}-\d\d-\d\dT[\d:.]+Z"/);
});
