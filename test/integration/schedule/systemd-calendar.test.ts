import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCalendar } from '../../../src/language/schedule/calendar.ts';
import { nextOccurrences } from '../../../src/language/schedule/occurrence.ts';
import { calendarsOf } from '../../../src/language/schedule/season-calendars.ts';
import { fc } from '../../fixtures/property.ts';

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const iterations = 6;

/**
 * Times in UTC; `invalid` for an expression that is refused, `lost` for one in whose evaluation systemd loses its way
 * (252 does, in zones whose clocks change).
 */
type Answer = readonly string[] | 'invalid' | 'lost';

/** The next times as systemd sees them, of many expressions by one process. */
function askSystemd(expressions: readonly string[], base: Date, zone: string): readonly Answer[] {
  if (expressions.length === 0) return [];
  const baseTime = `${base.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const options = [`--base-time=${baseTime}`, `--iterations=${String(iterations)}`];
  const { stdout, stderr } = spawnSync('systemd-analyze', ['calendar', ...options, '--', ...expressions], {
    env: { ...process.env, TZ: zone, LC_ALL: 'C' },
    encoding: 'utf8',
  });
  const inZone = /(?:Next elapse|Iter\. #\d+): (?:\w{3} )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC/g;
  const inUtc = /\(in UTC\): (?:\w{3} )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC/g;
  const told = blocksOf(stdout);
  if (told.length !== expressions.length) throw new Error(`systemd-analyze is not understood: ${stdout}`);
  return told.map((block, index) => {
    if (stderr.includes(`Failed to determine next elapse for '${expressions[index] ?? ''}'`)) return 'lost';
    if (block === '') return 'invalid';
    return [...block.matchAll(zone === 'UTC' ? inZone : inUtc)].map((match) => match[1] ?? '');
  });
}

/** What was said of each expression: its lines, or nothing where it was refused, with an empty line between two. */
function blocksOf(text: string): readonly string[] {
  const blocks: string[] = [];
  for (let rest = text; ;) {
    const end = rest.startsWith('\n') ? 0 : rest.indexOf('\n\n') + 1;
    if (end === 0 && !rest.startsWith('\n')) return [...blocks, rest];
    blocks.push(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
}

/**
 * Whether times lie in an hour that a zone of this test has twice. Which of the two systemd takes then depends on what
 * the C library guessed before; the plain cases below pin the answer that timers get.
 */
function isAmbiguous(times: Answer): boolean {
  const repeated = [/^2026-10-25 0[01]/, /^2026-11-01 0[56]/, /^2027-10-31 0[01]/, /^2027-11-07 0[56]/];
  return typeof times !== 'string' && times.some((time) => repeated.some((hours) => hours.test(time)));
}

/** The next times of timers that have the expressions in their plans. */
function askTimers(expressions: readonly string[], base: Date, zone: string): readonly Answer[] {
  const valid = askSystemd(expressions, base, zone).map((answer) => answer !== 'invalid');
  const calendars = expressions.map((calendar, index) =>
    valid[index] === true ? calendarsOf({ calendar }, zone) : [],
  );
  const all = askSystemd(calendars.flat(), base, zone);
  let first = 0;
  return calendars.map((own, index) => {
    const answers = all.slice(first, (first += own.length));
    if (valid[index] !== true) return 'invalid';
    const broken = answers.find((answer) => typeof answer === 'string');
    if (broken !== undefined) return broken;
    return [...new Set(answers.flat())].sort().slice(0, iterations);
  });
}

function askOurselves(expression: string, base: Date, zone: string): readonly string[] | 'invalid' {
  const parsed = parseCalendar(expression);
  if ('mistake' in parsed) return 'invalid';
  return nextOccurrences(parsed.calendar, base, iterations, zone).map((at) =>
    at.toISOString().slice(0, 19).replace('T', ' '),
  );
}

/** Random values of one part: lists, ranges and steps, some of them out of bounds or backwards. */
function chain(least: number, greatest: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: least, max: greatest });
  const stray = fc.integer({ min: Math.max(0, least - 1), max: greatest + 1 });
  const step = fc.integer({ min: 1, max: 9 });
  // systemd 252 refuses a range of one second (`3..3`), other versions do not: no such ranges.
  const range = fc
    .uniqueArray(value, { minLength: 2, maxLength: 2 })
    .map((pair) => pair.sort((a, b) => a - b).join('..'));
  const component = fc.oneof(
    { weight: 6, arbitrary: value.map(String) },
    { weight: 3, arbitrary: range },
    { weight: 2, arbitrary: openStep(least, greatest) },
    { weight: 2, arbitrary: fc.tuple(range, step).map((pair) => pair.join('/')) },
    { weight: 1, arbitrary: stray.map((number) => String(number).padStart(2, '0')) },
  );
  const list = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));
  return fc.oneof({ weight: 2, arbitrary: fc.constant('*') }, { weight: 3, arbitrary: list });
}

/** A step without an end, which systemd 252 counts past the end of its part; timers have it written out. */
function openStep(least: number, greatest: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.integer({ min: least, max: greatest - 2 }), fc.integer({ min: 2, max: 15 }))
    .map((pair) => pair.join('/'));
}

const weekday = fc.constantFrom('Mon', 'tue', 'Wednesday', 'Thu', 'FRI', 'Sat', 'Sunday');
const weekdays = fc.oneof(
  weekday,
  fc.tuple(weekday, weekday).map((pair) => pair.join('..')),
  fc.array(weekday, { minLength: 1, maxLength: 3 }).map((days) => days.join(',')),
);
const days = fc.oneof(
  { weight: 4, arbitrary: chain(1, 31).map((text) => `-${text}`) },
  { weight: 1, arbitrary: chain(1, 28).map((text) => `~${text}`) },
);
const years = fc.constantFrom('*', '*', '*', '2026..2028', '27', '2024/2');
const dates = fc.oneof(
  fc.tuple(years, chain(1, 12), days).map(([year, month, day]) => `${year}-${month}${day}`),
  fc.tuple(chain(1, 12), days).map(([month, day]) => `${month}${day}`),
);
const times = fc.oneof(
  fc.tuple(chain(0, 23), chain(0, 59)).map((parts) => parts.join(':')),
  fc.tuple(chain(0, 23), chain(0, 59), chain(0, 59)).map((parts) => parts.join(':')),
);
const zoneSuffix = fc.constantFrom(
  '',
  '',
  '',
  ' UTC',
  ' Europe/Berlin',
  ' America/New_York',
  ' Mars/Olympus',
);
const shorthand = fc.constantFrom(
  ...[
    'minutely',
    'hourly',
    'daily',
    'weekly',
    'monthly',
    'quarterly',
    'semi-annually',
    'biannually',
    'Yearly',
    'annually',
  ],
);
const written = fc
  .tuple(
    fc.option(weekdays, { nil: undefined }),
    fc.option(dates, { nil: undefined }),
    fc.option(times, { nil: undefined }),
  )
  .map((parts) => parts.filter((part) => part !== undefined).join(' '))
  .filter((text) => text !== '');
const expressions = fc
  .tuple(fc.oneof({ weight: 12, arbitrary: written }, { weight: 1, arbitrary: shorthand }), zoneSuffix)
  .map((parts) => parts.join(''));

/** Before both changes of the clock of 2026 in Europe and America, and some quiet instants. */
const bases = fc.constantFrom(
  ...[
    '2026-03-07T20:00:00Z',
    '2026-03-28T20:00:00Z',
    '2026-10-24T20:00:00Z',
    '2026-10-31T20:00:00Z',
    '2027-12-31T23:59:59Z',
    '2028-02-27T12:34:56Z',
  ],
);
const zones = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
);

describe.skipIf(!hasSystemd)('calendar expressions beside systemd-analyze', () => {
  it('fire at the same times, or are refused by both, for 300 generated expressions', () => {
    let fired = 0;
    let refused = 0;
    const generated = fc.sample(fc.tuple(expressions, bases, zones), 300);
    for (const [where, group] of Map.groupBy(generated, ([, base, zone]) => `${base} ${zone}`)) {
      const [base = '', zone = ''] = where.split(' ');
      const written = group.map(([expression]) => expression);
      for (const [index, theirs] of askTimers(written, new Date(base), zone).entries()) {
        if (isAmbiguous(theirs)) continue;
        const expression = written[index] ?? '';
        expect(askOurselves(expression, new Date(base), zone), `${expression} from ${where}`).toEqual(theirs);
        if (theirs === 'invalid') refused += 1;
        else if (theirs.length > 0) fired += 1;
      }
    }
    expect(fired).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(10);
  });

  it('a timer has every time, also those that systemd counts past', () => {
    const counted = ['1/8,0..1:0', '00/7:00', '*-*-1/9 02:00'];
    for (const base of ['2026-10-31T20:00:00Z', '2026-11-30T20:00:00Z', '2026-12-31T20:00:00Z']) {
      const ours = counted.map((expression) => askOurselves(expression, new Date(base), 'UTC'));
      expect(ours, base).toEqual(askTimers(counted, new Date(base), 'UTC'));
    }
  });

  const plain = [
    ...[
      '*:*/5',
      'Fri..Mon',
      'Mon,,Tue',
      'mon..fri, 02:00',
      '2020',
      '2-30',
      '02:00  UTC',
      '*-*-*  3:00',
      'daily ',
      ' daily',
    ],
    ...[
      '*-*-*T02:00',
      '*-*~1..4/2 3:00',
      '*~3 12:00',
      '*-*~5/2',
      '*-*~1/1',
      '*-*~28',
      '*-*~29',
      '12-*-* 1:00',
      '@1395716396',
    ],
    ...[
      '@1893456000',
      'Mon *',
      '*',
      '* 3:00',
      'UTC',
      'Mon UTC',
      '1..2',
      '*-*-1..2..3',
      '*-*-0',
      '*-*-1/0',
      '*-*-+1',
      '00/60:00',
    ],
    ...[
      '*-*-5/40',
      '1970..2250-1-1',
      '*-*-99999999999',
      'Monday-Friday 5:00',
      'Mon..',
      'M 5:00',
      '5:00 utc',
      '5:00:00:00',
    ],
    ...[
      'Mon *-05~07/1 03:00',
      '*-2~1',
      '*-02-29 12:00',
      '5..3:00',
      '*-*-10..10',
      '02:30',
      '*-*-* 0:*',
      '*:*:0/59',
    ],
  ];
  const places = [
    ['2026-03-28T20:00:00Z', 'Europe/Berlin'],
    ['2026-10-24T20:00:00Z', 'Europe/Berlin'],
    ['2026-01-01T00:00:00Z', 'UTC'],
  ] as const;
  let theirs: readonly (readonly Answer[])[];
  beforeAll(() => {
    theirs = places.map(([base, zone]) => askSystemd(plain, new Date(base), zone));
  });

  it.each(plain.map((expression, index) => [expression, index] as const))(
    'agree about %j',
    (expression, index) => {
      const ours = places.map(([base, zone]) => askOurselves(expression, new Date(base), zone));
      expect(ours).toEqual(theirs.map((answers) => answers[index]));
    },
  );
});
