import { MistakeFound } from './expression.ts';

/** The text of an expression and how far it has been read. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** A part of a date or time, with the values that it can have. */
export interface FieldKind {
  readonly name: string;
  readonly least: number;
  readonly greatest: number;
}

/** `start`, `start..stop`, `start/step` or `start..stop/step` at `offset`; a stop is a value that is reached. */
export interface Component {
  readonly start: number;
  readonly stop: number | undefined;
  readonly step: number | undefined;
  readonly offset: number;
  readonly length: number;
}

/** A list of components; undefined stands for `*`. */
export type Chain = readonly Component[] | undefined;

/** Reads one `*` or comma-separated list. @throws MistakeFound */
export function readChain(cursor: Cursor): Chain {
  if (cursor.text[cursor.at] === '*') {
    cursor.at += 1;
    if (cursor.text[cursor.at] !== '/') return undefined;
    throw new MistakeFound("a step needs a first value: '0/5', not '*/5'", cursor.at - 1, 2);
  }
  const components = [readComponent(cursor)];
  while (cursor.text[cursor.at] === ',') {
    cursor.at += 1;
    components.push(readComponent(cursor));
  }
  return components;
}

function readComponent(cursor: Cursor): Component {
  const offset = cursor.at;
  const start = readNumber(cursor);
  const stop = skip(cursor, '..') ? readNumber(cursor) : undefined;
  const step = skip(cursor, '/') ? readNumber(cursor) : undefined;
  const length = cursor.at - offset;
  if (cursor.text[cursor.at] === '.') {
    throw new MistakeFound('a schedule knows whole seconds only', offset, length + 1);
  }
  if (step === 0) throw new MistakeFound('a step of 0 never advances', offset, length);
  if (stop === undefined) return { start, stop, step, offset, length };
  if (stop < start) {
    throw new MistakeFound(`the range ${String(start)}..${String(stop)} runs backwards`, offset, length);
  }
  const reached = stop - ((stop - start) % (step ?? 1));
  if (reached === start) return { start, stop: undefined, step: undefined, offset, length };
  return { start, stop: reached, step: step ?? 1, offset, length };
}

function readNumber(cursor: Cursor): number {
  const digits = /^\d+/.exec(cursor.text.slice(cursor.at))?.[0];
  if (digits === undefined) {
    const found = cursor.text[cursor.at];
    const instead = found === undefined ? 'the expression ends' : `found '${found}'`;
    throw new MistakeFound(`expected a number, ${instead}`, cursor.at, 1);
  }
  cursor.at += digits.length;
  return Number(digits);
}

function skip(cursor: Cursor, token: string): boolean {
  if (!cursor.text.startsWith(token, cursor.at)) return false;
  cursor.at += token.length;
  return true;
}

/** The values that a chain stands for, ascending and without repeats. @throws MistakeFound for values out of bounds */
export function valuesOf(chain: Chain, kind: FieldKind): readonly number[] {
  if (chain === undefined) return span(kind.least, kind.greatest, 1);
  for (const component of chain) checkComponent(component, kind);
  return ascending(
    chain.flatMap(({ start, stop, step }) => {
      if (stop === undefined && step === undefined) return [start];
      return span(start, stop ?? kind.greatest, step ?? 1);
    }),
  );
}

/** The days that a chain counted from the end of the month stands for, in a month of `length` days; `~01` is its last. */
export function daysFromEnd(chain: readonly Component[], length: number): readonly number[] {
  return ascending(
    chain.flatMap(({ start, stop, step }) => {
      // systemd counts a range's steps from its start, so from the end of the month backwards.
      if (stop !== undefined) return span(start, stop, step ?? 1).map((fromEnd) => length + 1 - fromEnd);
      return step === undefined ? [length + 1 - start] : span(length + 1 - start, length, step);
    }),
  );
}

/**
 * Checks a chain counted from the end of a month. systemd allows its last 28 days, and, oddly, three fewer for each
 * further element of a list; a timer that it refuses must be refused here. @throws MistakeFound
 */
export function checkDaysFromEnd(chain: readonly Component[]): void {
  const elements = new Map(chain.map((component) => [elementKey(component), component]));
  const ordered = [...elements.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, component]) => component);
  for (const [index, component] of ordered.entries()) {
    checkBounds(component, { name: 'day from the end of the month', least: 1, greatest: 28 - 3 * index });
    if (component.stop !== undefined || component.step === undefined) continue;
    if (component.start - component.step < 1) throw neverRepeats(component, 'the end of the month');
  }
}

/** Equal for components that mean the same; sorts as systemd sorts them. */
function elementKey({ start, stop, step }: Component): string {
  return [start, stop ?? 0, step ?? 0].map((part) => String(part).padStart(16, '0')).join(' ');
}

function checkComponent(component: Component, kind: FieldKind): void {
  checkBounds(component, kind);
  if (component.step === undefined || component.stop !== undefined) return;
  if (component.start + component.step > kind.greatest) {
    throw neverRepeats(component, `${kind.name} ${String(kind.greatest)}`);
  }
}

function checkBounds(component: Component, kind: FieldKind): void {
  const { start, stop, offset, length } = component;
  for (const value of stop === undefined ? [start] : [start, stop]) {
    if (value >= kind.least && value <= kind.greatest) continue;
    const bounds = `${String(kind.least)} to ${String(kind.greatest)}`;
    throw new MistakeFound(`${kind.name} ${String(value)} is outside ${bounds}`, offset, length);
  }
}

function neverRepeats(component: Component, end: string): MistakeFound {
  const step = `a step of ${String(component.step)} from ${String(component.start)}`;
  return new MistakeFound(`${step} never repeats before ${end}`, component.offset, component.length);
}

/** first, first + step, … up to and including last. */
export function span(first: number, last: number, step: number): number[] {
  const count = Math.max(0, Math.floor((last - first) / step) + 1);
  return Array.from({ length: count }, (_, index) => first + index * step);
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
