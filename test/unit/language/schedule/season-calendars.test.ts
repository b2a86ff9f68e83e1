import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ScheduleEntry } from '../../../../src/language/plan/plan.ts';
import { nextRuns } from '../../../../src/language/schedule/schedule.ts';
import { calendarsOf } from '../../../../src/language/schedule/season-calendars.ts';
import { parseCron } from '../../../../src/language/schedule/cron.ts';
import { fc } from '../../../fixtures/property.ts';

const execute = promisify(execFile);
const hasSystemd = await execute('systemd-analyze', ['--version']).then(
  () => true,
  () => false,
);
const iterations = 5;

/** The next times of each expression by systemd itself, all in one call. */
async function bySystemd(
  expressions: readonly string[],
  base: string,
): Promise<readonly (readonly string[])[]> {
  const { stdout } = await execute(
    'systemd-analyze',
    ['calendar', `--base-time=${base}`, `--iterations=${String(iterations)}`, '--', ...expressions],
    { env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' }, maxBuffer: 32 * 1024 * 1024 },
  );
  const blocks = stdout.trim().split(/\n\n/);
  if (blocks.length !== expressions.length)
    throw new Error(`expected ${String(expressions.length)} answers: ${stdout}`);
  return blocks.map((block) =>
    [...block.matchAll(/(?:Next elapse|Iter\. #\d+): \w+ (?<day>\S+) (?<time>\S+) UTC/g)].map(
      ({ groups }) => `${groups?.['day'] ?? ''}T${groups?.['time'] ?? ''}.000Z`,
    ),
  );
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

function list(least: number, greatest: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: least, max: greatest });
  const range = fc.tuple(value, value).map((pair) =>
    pair
      .sort((a, b) => a - b)
      .map(twoDigits)
      .join('..'),
  );
  return fc
    .array(fc.oneof(value.map(twoDigits), range), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(','));
}

const weekdays = fc.constantFrom('', '', 'Mon ', 'Mon..Fri ', 'Sat,Sun ', 'Tue,Thu ');
const dates = fc.oneof(
  fc.constant('*-*-*'),
  list(1, 28).map((days) => `*-*-${days}`),
  list(1, 12).map((months) => `*-${months}-*`),
  fc.constantFrom('*-*~01', '*-*~03..05', '*-02-29', '*-*-29..31', '2026,2027-*-01'),
);
const times = fc.oneof(
  fc.tuple(list(0, 23), list(0, 59)).map((parts) => `${parts.join(':')}:00`),
  fc.constantFrom('00/6:00:00', '*:00/15:00', '02:30:00', '*:*:00/20', '00:00:00', '23:59:59'),
);
const calendars = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(weekdays, dates, times).map(([weekday, date, time]) => `${weekday}${date} ${time}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('daily', 'weekly', 'quarterly', 'hourly') },
);
const zones = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
);
const day = fc
  .integer({ min: 0, max: 700 })
  .map((days) => new Date(Date.UTC(2026, 0, 1 + days)).toISOString().slice(0, 10));
const entries: fc.Arbitrary<{ readonly entry: ScheduleEntry; readonly zone: string }> = fc
  .record({
    calendar: calendars,
    own: fc.option(zones, { freq: 3 }),
    from: fc.option(day, { freq: 2 }),
    until: fc.option(day, { freq: 2 }),
    zone: zones,
  })
  .map(({ calendar, own, from, until, zone }) => ({
    zone,
    entry: {
      calendar: own === null ? calendar : `${calendar} ${own}`,
      ...(from !== null && { from }),
      ...(until !== null && { until }),
    },
  }));

const bases = ['2026-03-07 11:00:00 UTC', '2026-10-23 22:30:00 UTC'];

describe.runIf(hasSystemd)('by systemd itself', () => {
  it.each(bases)('generated schedules fire at the same times after %s', async (base) => {
    const samples = fc.sample(entries, { numRuns: 200 });
    const expressions = samples.map(({ entry, zone }) => calendarsOf(entry, zone));
    const answers = await bySystemd(expressions.flat(), base);
    let at = 0;
    for (const [index, { entry, zone }] of samples.entries()) {
      const count = expressions[index]?.length ?? 0;
      const theirs = [...new Set(answers.slice(at, at + count).flat())].sort().slice(0, iterations);
      at += count;
      const after = new Date(base.replace(' UTC', 'Z').replace(' ', 'T'));
      const ours = nextRuns([entry], after, iterations, zone).map((run) => run.at.toISOString());
      expect(ours, `${JSON.stringify(entry)} in ${zone}: ${expressions[index]?.join(' | ') ?? ''}`).toEqual(
        theirs,
      );
    }
    expect(at).toBeGreaterThan(300);
  });

  it('cron expressions fire at the same times', async () => {
    const crons = [
      '0 2 * * *',
      '*/15 * * * *',
      '30 3 1,15 * *',
      '0 4 * * 0',
      '5 */7 * * 1-5',
      '0 0 1 1 *',
      '10 6 13 * fri',
    ];
    const [base = ''] = bases;
    for (const zone of ['UTC', 'Europe/Berlin']) {
      for (const cron of crons) {
        const parsed = parseCron(cron, zone);
        if ('mistake' in parsed) throw new Error(parsed.mistake.message);
        const answers = await bySystemd(parsed.calendars, base);
        const schedule = parsed.calendars.map((calendar) => ({ calendar, cron }));
        const ours = nextRuns(schedule, new Date('2026-03-07T11:00:00Z'), iterations, zone).map((run) =>
          run.at.toISOString(),
        );
        expect(ours, cron).toEqual([...new Set(answers.flat())].sort().slice(0, iterations));
      }
    }
  });
});

describe('a step without an end', () => {
  it.each([
    ['00/7:00', '*-*-* 00..21/7:00:00 UTC'],
    ['1/8,0:00 Europe/Berlin', '*-*-* 00,01,09,17:00:00 Europe/Berlin'],
    ['Sun *-*-1/9 02:00', 'Sun *-*-01..28/9 02:00:00 UTC'],
    ['2024/2-01-01 02:00', '2024..2198/2-01-01 02:00:00 UTC'],
    ['00/6:00', '*-*-* 00/6:00:00 UTC'],
  ])('has its end written for systemd: %s', (calendar, expected) => {
    expect(calendarsOf({ calendar }, 'UTC')).toEqual([expected]);
  });

  it.each(['02..20/6:00', 'Mon..Fri 02:00', '*-*-* 02:00:00'])('is not what %s has', (calendar) => {
    expect(calendarsOf({ calendar }, 'America/New_York')).toEqual([`${calendar} America/New_York`]);
  });
});

describe('a season', () => {
  it('becomes days, months and years, each with its zone', () => {
    const entry = { calendar: '*-*-* 00/6:00:00 UTC', from: '2026-11-20', until: '2027-01-05' };
    expect(calendarsOf(entry, 'UTC')).toEqual([
      '2026-11-20..30 00/6:00:00 UTC',
      '2026-12-* 00/6:00:00 UTC',
      '2027-01-01..05 00/6:00:00 UTC',
    ]);
  });

  it('without an end ends with the years of systemd', () => {
    expect(calendarsOf({ calendar: 'Mon 02:00', from: '2026-12-01' }, 'Europe/Berlin')).toEqual([
      'Mon 2026-12-* 02:00:00 Europe/Berlin',
      'Mon 2027..2199-*-* 02:00:00 Europe/Berlin',
    ]);
  });

  it('begins within a day where the zone of the calendar is not that of the plan', () => {
    const entry = { calendar: '*:00/20 UTC', from: '2026-11-20', until: '2026-11-20' };
    expect(calendarsOf(entry, 'Asia/Kolkata')).toEqual([
      '2026-11-19 18:40:00 UTC',
      '2026-11-19 19..23:00/20:00 UTC',
      '2026-11-20 00..17:00/20:00 UTC',
      '2026-11-20 18:00,20:00 UTC',
    ]);
  });

  it('that ends before it starts has none, and an entry without a season is its own', () => {
    expect(calendarsOf({ calendar: 'daily', from: '2026-12-02', until: '2026-12-01' }, 'UTC')).toEqual([]);
    expect(calendarsOf({ calendar: 'quarterly' }, 'Europe/Berlin')).toEqual(['quarterly Europe/Berlin']);
    expect(calendarsOf({ calendar: 'daily UTC' }, 'Europe/Berlin')).toEqual(['daily UTC']);
  });
});
