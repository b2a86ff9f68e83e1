import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Cron } from 'croner';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportCron, type CronSettings } from '../../../../src/place/export/cron.ts';
import type { ExportedPlan } from '../../../../src/place/export/exported-plan.ts';
import { amazon, exportedOf, inFolder, season, settings, shapes } from './exported.ts';
import { createStage, type Stage } from './script.ts';

const place = {
  node: '/usr/bin/node',
  launcher: '/usr/lib/node_modules/run-plan/bin/run-plan.cjs',
  settingsFile: '/etc/run-plan/run-plan.yaml',
  workingFolder: '/etc/run-plan',
};

function textOf(plans: readonly ExportedPlan[], more: Partial<CronSettings> = {}): string {
  const { files, obstacles } = exportCron(plans, { ...settings, place, ...more });
  expect(obstacles).toEqual([]);
  return files[0]?.text ?? '';
}

interface Line {
  readonly fields: string;
  /** What cron hands to the shell. */
  readonly command: string;
}

/** The lines of a crontab as cron reads them. */
function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^#|^\w+=/.test(line))
    .map((line) => {
      const match = /^(?<fields>(?:\S+ ){4}\S+) (?<command>.*)$/.exec(line);
      const { fields = '', command = '' } = match?.groups ?? {};
      // A percent sign without a backslash would end the command.
      expect(command.replaceAll('\\%', '')).not.toContain('%');
      return { fields, command: command.replaceAll('\\%', '%') };
    });
}

describe('a crontab', () => {
  it.each(shapes)('of %s is read by another cron', (_, exported) => {
    const text = textOf([exported]);
    const lines = linesOf(text);
    expect(lines.length).toBeGreaterThan(1);
    for (const { fields } of lines) expect(new Cron(fields).nextRun()).not.toBeNull();
    expect(text.split('\n').filter((line) => line.length > 998)).toEqual([]);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('names every zone before its lines, once', () => {
    const text = textOf([
      exportedOf({ name: 'one', timeZone: 'Europe/Berlin', schedule: [{ calendar: '*-*-* 02:30:00' }] }),
      exportedOf({ name: 'two', schedule: [{ calendar: '*-*-* 03:00:00' }] }),
      exportedOf({ name: 'three', timeZone: 'Europe/Berlin', schedule: [{ calendar: '*-*-* 04:00:00' }] }),
    ]);
    const order = text.match(/^CRON_TZ=\S+|run (one|two|three)\b/gm);
    expect(order).toEqual(['CRON_TZ=Europe/Berlin', 'run one', 'run three', 'CRON_TZ=UTC', 'run two']);
    expect(text.match(/# Clocks change in Europe\/Berlin/g)).toHaveLength(1);
  });

  it('asks whether a run is due only where cron cannot say the schedule', () => {
    const commands = linesOf(textOf([exportedOf()])).map(({ command }) => command);
    expect(commands.filter((command) => command.includes('--if-due'))).toHaveLength(1);
    expect(commands.join('\n')).toContain("--if-due '0 */6 * 1,11,12 * UTC'");
  });

  it('for /etc/cron.d names the account on every line', () => {
    const text = textOf([exportedOf()], { account: 'run-plan', mailTo: 'ops@cleaning.example' });
    const rows = text.split('\n').filter((line) => /^[\d*]/.test(line));
    expect(rows.filter((row) => !/^(\S+ ){5}run-plan /.test(row))).toEqual([]);
    expect(text).toMatch(/^MAILTO=ops@cleaning\.example$/m);
  });

  it.each([
    ['without a schedule', exportedOf({ schedule: [] }), 'it has no schedule'],
    ['that fires at second 30', exportedOf({ schedule: [{ calendar: '*-*-* 02:00:30' }] }), 'only minutes'],
    ['that wants a name typed', exportedOf({}, [amazon], { confirms: 'prod' }), 'must type that name'],
    ['whose line cron would cut', exportedOf({ name: 'a'.repeat(900) }), 'longer than cron reads'],
  ])('is not made for a plan %s, and says what to do', (_, exported, message) => {
    const { obstacles } = exportCron([exported], { ...settings, place });
    expect(obstacles.map((obstacle) => obstacle.message).join()).toContain(message);
    expect(obstacles.map(({ hint }) => hint)).not.toContain('');
  });

  it('keeps a folder: the host stays', () => {
    expect(exportCron([exportedOf({}, [inFolder])], { ...settings, place }).obstacles).toEqual([]);
  });
});

describe('a line of a crontab', () => {
  let stage: Stage;
  let commands: readonly string[];
  beforeEach(async () => {
    stage = await createStage();
    const workingFolder = join(stage.folder, 'a folder, 100% "it\'s"');
    await mkdir(workingFolder);
    await writeFile(join(workingFolder, 'environment'), "DB_PASSWORD='p w'\n");
    await stage.program(
      'node',
      'echo "$PWD|$DB_PASSWORD|$CREDENTIALS_DIRECTORY"; echo "on standard error" >&2; exit "${RUN_EXIT:-0}"',
    );
    const at = { node: join(stage.folder, 'programs', 'node'), launcher: '/run-plan.cjs', workingFolder };
    commands = linesOf(textOf([exportedOf({ schedule: [season] })], { place: at })).map(
      ({ command }) => command,
    );
  });
  afterEach(() => stage.remove());

  it('runs the plan with its secrets, and is silent when that succeeds', async () => {
    expect(await stage.run(['sh', '-c'], commands[1] ?? '')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await stage.calls()).toEqual(['node|/run-plan.cjs|run|nightly|--if-due|0 */6 * 1,11,12 * UTC|']);
  });

  it('prints everything and ends as the run did when it fails', async () => {
    const told = await stage.run(['sh', '-c'], commands[1] ?? '', { RUN_EXIT: '12' });
    expect(told.code).toBe(12);
    const folder = join(stage.folder, 'a folder, 100% "it\'s"');
    expect(told.stdout).toBe(`${folder}|p w|${folder}/credentials\non standard error\n`);
  });

  it('of the daily check speaks only where the hour is not that of the zone', async () => {
    await stage.program('date', 'echo 12');
    expect(await stage.run(['sh', '-c'], commands[0] ?? '')).toEqual({ code: 0, stdout: '', stderr: '' });
    await stage.program('date', 'echo 10');
    expect((await stage.run(['sh', '-c'], commands[0] ?? '')).stdout).toMatch(/ignores CRON_TZ=UTC/);
  });
});
