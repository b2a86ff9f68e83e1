import { span } from './calendar-field.ts';
import { renderValues, renderWeekdays } from './calendar-text.ts';
import { attempt, MistakeFound, type ExpressionMistake } from './expression.ts';

interface CronField {
  readonly name: string;
  readonly least: number;
  readonly greatest: number;
  readonly names?: readonly string[];
}

interface Word {
  readonly text: string;
  readonly offset: number;
}

/** One field as read: its values ascending, and whether it was written with a star, which decides how days combine. */
interface FieldValues {
  readonly values: readonly number[];
  readonly starred: boolean;
}

const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const minuteField: CronField = { name: 'minute', least: 0, greatest: 59 };
const hourField: CronField = { name: 'hour', least: 0, greatest: 23 };
const dayField: CronField = { name: 'day of the month', least: 1, greatest: 31 };
const monthField: CronField = { name: 'month', least: 1, greatest: 12, names: ['', ...monthNames] };
/** Both 0 and 7 are Sunday. */
const weekdayField: CronField = { name: 'weekday', least: 0, greatest: 7, names: weekdayNames };

const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/**
 * Converts a cron expression (five fields, names, `@daily` and the like) to systemd calendar expressions that fire at the
 * same times in the zone. Two of them when both the day of the month and the weekday are restricted, because cron then
 * fires on either; a day field that starts with `*` restricts nothing in that respect, as in Vixie's cron.
 */
export function parseCron(
  text: string,
  zone: string,
): { readonly calendars: readonly string[] } | { readonly mistake: ExpressionMistake } {
  return attempt(() => ({ calendars: calendarsOf(text, zone) }));
}

function calendarsOf(text: string, zone: string): readonly string[] {
  const [minute, hour, day, month, weekday] = readWords(text);
  const minutes = renderValues(readField(minute, minuteField).values, minuteField);
  const hours = renderValues(readField(hour, hourField).values, hourField);
  const days = readField(day, dayField);
  const months = renderValues(readField(month, monthField).values, monthField);
  const weekdays = readField(weekday, weekdayField);
  const onDays = renderValues(days.values, dayField);
  const onWeekdays = renderWeekdays(weekdays.values);
  const calendar = (weekdayPart: string, dayPart: string): string =>
    `${weekdayPart}*-${months}-${dayPart} ${hours}:${minutes}:00 ${zone}`;
  if (days.starred || weekdays.starred) return [calendar(onWeekdays, onDays)];
  return [calendar('', onDays), calendar(onWeekdays, '*')];
}

function readWords(text: string): readonly [Word, Word, Word, Word, Word] {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], offset: match.index }));
  const [first, second, third, fourth, fifth, sixth] = words;
  if (first?.text.startsWith('@') === true) return readNickname(first, second);
  if (
    first === undefined ||
    second === undefined ||
    third === undefined ||
    fourth === undefined ||
    fifth === undefined
  ) {
    const message = `cron has five fields (minute, hour, day, month, weekday), found ${String(words.length)}`;
    throw new MistakeFound(message, 0, text.length);
  }
  if (sixth !== undefined) {
    throw new MistakeFound('cron has five fields; this is a sixth', sixth.offset, sixth.text.length);
  }
  return [first, second, third, fourth, fifth];
}

function readNickname(word: Word, next: Word | undefined): readonly [Word, Word, Word, Word, Word] {
  const expansion = nicknames[word.text.toLowerCase()];
  if (expansion === undefined) {
    const reason =
      word.text.toLowerCase() === '@reboot' ? "'@reboot' is no time" : `'${word.text}' is unknown to cron`;
    throw new MistakeFound(
      `${reason}; known are ${Object.keys(nicknames).join(' ')}`,
      word.offset,
      word.text.length,
    );
  }
  if (next !== undefined) {
    throw new MistakeFound(`nothing may follow '${word.text}'`, next.offset, next.text.length);
  }
  return readWords(expansion);
}

function readField(word: Word, field: CronField): FieldValues {
  const values = new Set<number>();
  let { offset } = word;
  for (const part of word.text.split(',')) {
    for (const value of readPart({ text: part, offset }, field))
      values.add(field === weekdayField ? value % 7 : value);
    offset += part.length + 1;
  }
  return { values: [...values].sort((a, b) => a - b), starred: word.text.startsWith('*') };
}

function readPart(part: Word, field: CronField): readonly number[] {
  const match = /^(?:(?<star>\*)|(?<first>\w+)(?:-(?<last>\w+))?)(?:\/(?<step>\d+))?$/.exec(part.text);
  if (match?.groups === undefined) {
    const message =
      part.text === '' ? `the ${field.name} is empty` : `'${part.text}' is no ${field.name} that cron knows`;
    throw new MistakeFound(message, part.offset, part.text.length);
  }
  const { star, first = '', last, step } = match.groups;
  const greatest = field === weekdayField ? 6 : field.greatest;
  const from = star === undefined ? readValue(first, part, field) : field.least;
  const upTo = last === undefined ? greatest : readValue(last, part, field);
  if (step === undefined && star === undefined && last === undefined) return [from];
  const stepCount = Number(step ?? 1);
  if (stepCount === 0) throw new MistakeFound('a step of 0 never advances', part.offset, part.text.length);
  if (upTo < from)
    throw new MistakeFound(`the range ${part.text} runs backwards`, part.offset, part.text.length);
  return span(from, upTo, stepCount);
}

function readValue(text: string, part: Word, field: CronField): number {
  const named = text === '' ? -1 : (field.names?.indexOf(text.toLowerCase()) ?? -1);
  const value = named >= 0 ? named : /^\d+$/.test(text) ? Number(text) : undefined;
  if (value === undefined) {
    throw new MistakeFound(`'${text}' is no ${field.name} that cron knows`, part.offset, part.text.length);
  }
  if (value < field.least || value > field.greatest) {
    const bounds = `${String(field.least)} to ${String(field.greatest)}`;
    throw new MistakeFound(`${field.name} ${text} is outside ${bounds}`, part.offset, part.text.length);
  }
  return value;
}
