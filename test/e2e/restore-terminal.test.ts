import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { dropDatabase } from '../services/database.ts';
import { createRestoreWorkspace, type RestoreWorkspace } from './restore-workspace.ts';
import { openTerminal, type TerminalSession } from './terminal-session.ts';

const services = inject('services');
const launcher = fileURLToPath(new URL('../../bin/run-plan.cjs', import.meta.url));
const hasTmux = spawnSync('tmux', ['-V']).status === 0;

describe.skipIf(!hasTmux)('run-plan restore in a real terminal', () => {
  let at: RestoreWorkspace;
  let terminal: TerminalSession;
  let older: string;
  let damaged: string;
  let newest: string;

  beforeAll(async () => {
    at = await createRestoreWorkspace(services);
    older = await at.backUp();
    damaged = await at.backUp();
    newest = await at.backUp();
    await at.damage(damaged);
  });

  afterAll(() => at.remove());

  beforeEach(async () => {
    const { folder } = at.workspace;
    terminal = await openTerminal({ folder, variables: at.variables, columns: 100, rows: 40 });
    await terminal.shows(/^\$ ?$/m);
  });

  afterEach(() => terminal.close());

  async function enter(text: string): Promise<void> {
    await terminal.type(text);
    await terminal.press('Enter');
  }

  function start(flags: string): Promise<void> {
    return enter(`'${process.execPath}' '${launcher}' restore ${flags}; echo "exit=$?"`);
  }

  async function databases(): Promise<readonly string[]> {
    const rows = await at.source.query<{ datname: string }>(
      `select datname from pg_database where datname like '${at.source.name}\\_%'`,
    );
    return rows.map(({ datname }) => datname);
  }

  test('every answer by keys: the list, the damaged one, the live database, and a wrong name refused', async () => {
    await start('');
    const sources = await terminal.shows(/Restore from the repository of[^]*Enter: confirm/);
    expect(sources).toMatch(/● prod/);
    expect(sources).toMatch(/○ empty/);
    await terminal.press('Enter');

    const list = await terminal.shows(/Artifact \(newest first, 3 in all\)[^]*Enter: confirm/);
    expect(list).toMatch(
      new RegExp(`● ${newest} .*verified[^]*${damaged} .*damaged: [^]*${older} .*verified`),
    );
    await terminal.type('damaged');
    await terminal.shows(/damaged█? \(1 match\)/);
    await terminal.press('Enter');
    await terminal.shows(/this one cannot be restored: choose another/);
    await terminal.press('BSpace', 'BSpace', 'BSpace', 'BSpace', 'BSpace', 'BSpace', 'BSpace');
    await terminal.type(older.slice(-16));
    await terminal.shows(new RegExp(`\\(1 match\\)[^]*● ${older}`));
    await terminal.press('Enter');

    const targets = await terminal.shows(/Restore into[^]*Enter: confirm/);
    expect(targets).toMatch(/● prod {2}\S+:\d+, protected, where the artifact comes from/);
    expect(targets).toMatch(/○ scratch {2}throw-away cluster/);
    await terminal.press('Enter');

    await terminal.shows(new RegExp(`${at.source.name}_restored_\\d{8}T\\d{6}█`));
    await terminal.press('C-u');
    await enter(at.source.name);
    await terminal.shows(
      /is there and holds tables \(public\.customers[^]*--replace[^]*_restored_\d{8}T\d{6}█/,
    );
    await terminal.press('Enter');

    const summary = await terminal.shows(/Type prod to go on:/);
    expect(summary).toMatch(new RegExp(`artifact +${older} of prod`));
    expect(summary).toMatch(/\(prod, protected\)[^]*the very server[^]*a new one[^]*replaced +nothing/);
    await enter('prd');
    await terminal.shows(/not confirmed, nothing was changed[^]*exit=2/);
    expect(await databases()).toEqual([]);
  });

  test('the name typed right restores', async () => {
    const copy = `${at.source.name}_copy`;
    try {
      await start(`--from prod --artifact latest --database ${copy}`);
      await terminal.shows(/Restore into[^]*Enter: confirm/);
      await terminal.press('Enter');
      await terminal.shows(/Type prod to go on:/);
      await enter('prod');
      const shown = await terminal.shows(/exit=0/);
      expect(shown).toMatch(/✔ postgres-restore[^]*✔ restore-compare/);
      expect(shown).toMatch(
        new RegExp(`restored +${newest} of prod[^]*look at it\\s+psql[^]*drop it\\s+psql`),
      );
      expect(await databases()).toEqual([copy]);
    } finally {
      await dropDatabase(services, { ...at.source, name: copy });
    }
  });

  test.each<[string, string, RegExp]>([
    ['in the list', '--from prod', /Artifact \(newest first/],
    ['at the target', '--from prod --artifact latest', /Restore into/],
    ['at the database', '--from prod --artifact latest --to staging', /Name of the database/],
    [
      'at the last word',
      '--from prod --artifact latest --to staging --database new_one',
      /Type yes to go on:/,
    ],
  ])('Ctrl-C %s ends with 130 and changes nothing', async (_, flags, question) => {
    await start(flags);
    await terminal.shows(question);
    await terminal.press('C-c');
    await terminal.shows(/interrupted, nothing was changed[^]*exit=130/);
    expect(await databases()).toEqual([]);
    expect(await at.onStaging("select from pg_database where datname = 'new_one'")).toEqual([]);
  });
});
