import { span } from './calendar-field.ts';

/** The bounds of a part: minutes, hours, days, months, all with two digits, and years. */
export interface TextBounds {
  readonly least: number;
  readonly greatest: number;
}

const weekdayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Ascending values as a systemd calendar writes them: `*` for all, `00/15` or `09..17/2` for an even step, else a list. */
export function renderValues(values: readonly number[], { least, greatest }: TextBounds): string {
  const size = greatest - least + 1;
  if (values.length === size) return '*';
  const [first = least, second = first] = values;
  const last = values.at(-1) ?? first;
  const step = second - first;
  if (step < 2 || values.length < 3 || span(first, last, step).join() !== values.join()) {
    return renderRanges(values, twoDigits);
  }
  // systemd 252 loses its way in a step that does not come round evenly (`00/7` at the end of a month).
  if (values.length * step === size) return `${twoDigits(first)}/${String(step)}`;
  return `${twoDigits(first)}..${twoDigits(last)}/${String(step)}`;
}

/** Weekdays (0 is Sunday) with the space that follows them; empty for all seven. */
export function renderWeekdays(values: readonly number[]): string {
  if (values.length === 7) return '';
  // systemd's weeks start on Monday, cron's on Sunday.
  const fromMonday = values.map((value) => (value === 0 ? 7 : value)).sort((a, b) => a - b);
  return `${renderRanges(fromMonday, (value) => weekdayNames[value % 7] ?? '')} `;
}

/** A list in which three or more consecutive values are a range: `1,2,5..8`; cron writes `5-8`. */
export function renderRanges(
  values: readonly number[],
  render: (value: number) => string = (value) => String(value),
  between = '..',
): string {
  const ranges: number[][] = [];
  for (const value of values) {
    const current = ranges.at(-1);
    if (current?.at(-1) === value - 1) current.push(value);
    else ranges.push([value]);
  }
  return ranges
    .map((range) => {
      const [first = 0] = range;
      if (range.length < 3) return range.map(render).join(',');
      return `${render(first)}${between}${render(range.at(-1) ?? first)}`;
    })
    .join(',');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
