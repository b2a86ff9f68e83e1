import { styleText } from 'node:util';
import widthOf from 'fast-string-width';
import { visible } from './visible.ts';

/** What a colour means. It only repeats what a word or a sign says. */
export type Tone = 'good' | 'attention' | 'bad' | 'quiet' | 'strong';

/** Words of one tone. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone | undefined;
  /** To be copied, as a command is: never broken by us. */
  readonly whole?: boolean;
}

/** What is told, of any origin: everything in it is made visible, and only tones colour it. */
export type Text = string | Span | readonly (string | Span)[];

/** How texts get onto the lines of one place. */
export interface Surface {
  /** Columns; undefined where nothing is wrapped: pipes, files, the journal. */
  readonly width?: number | undefined;
  readonly colour: boolean;
  /** Masks secrets, in whole texts. */
  readonly redact: (text: string) => string;
}

/** A line that is laid out: spans of visible text. */
export type Line = readonly Span[];

/** Words without a blank in them, and the blanks before. */
interface Word {
  readonly gap: string;
  readonly spans: Line;
  readonly width: number;
}

const colours = {
  good: 'green',
  attention: 'yellow',
  bad: 'red',
  quiet: 'gray',
  strong: 'bold',
} as const satisfies Record<Tone, string>;

/** Columns that visible text takes: two for a wide character, none for one that combines. */
export function columnsOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** A text as one visible line. */
export function lineOf(text: Text, surface: Surface): Line {
  return spansOf(text).map((span) => ({ ...span, text: visible(surface.redact(span.text)) }));
}

function spansOf(text: Text): readonly Span[] {
  const parts = typeof text === 'string' || 'text' in text ? [text] : text;
  return parts.map((part) => (typeof part === 'string' ? { text: part } : part));
}

/** The lines of a text that may have several. */
export function linesOf(text: Text, surface: Surface): readonly Line[] {
  const lines: Span[][] = [[]];
  for (const span of spansOf(text)) {
    const [first = '', ...rest] = surface.redact(span.text).split(/\r\n|\n|\r/);
    const shown = (line: string): Span => ({ ...span, text: visible(line.replaceAll('\t', '    ')) });
    lines.at(-1)?.push(shown(first));
    lines.push(...rest.map((line) => [shown(line)]));
  }
  return lines;
}

/** Columns of the longest word. */
export function longestWord(line: Line): number {
  return Math.max(0, ...wordsOf(line).map(({ width }) => width));
}

/**
 * A line broken between words, so that each part fits into `width` columns unless a single word does not; the first has
 * `taken` columns less, because something stands before it.
 */
export function wrap(line: Line, width: number | undefined, taken = 0): readonly Line[] {
  if (width === undefined || columnsOf(line) <= width - taken) return [line];
  const lines: Span[][] = [];
  let current: Span[] = [];
  let used = taken;
  for (const { gap, spans, width: own } of wordsOf(line)) {
    if (current.length > 0 && used + gap.length + own > width) {
      lines.push(current);
      current = [...spans];
      used = own;
      continue;
    }
    current.push(...(gap === '' ? [] : [{ text: gap }]), ...spans);
    used += gap.length + own;
  }
  return [...lines, current];
}

/** Visible text of no more than `width` columns, an ellipsis for what is left out. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (widthOf(kept) + widthOf(segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

function wordsOf(line: Line): readonly Word[] {
  const words: { gap: string; spans: Span[] }[] = [{ gap: '', spans: [] }];
  for (const span of line) {
    const parts = span.whole === true ? [span.text] : span.text.split(/( +)/);
    parts.forEach((part, index) => {
      if (index % 2 === 1) words.push({ gap: part, spans: [] });
      else if (part !== '') words.at(-1)?.spans.push({ ...span, text: part });
    });
  }
  return words
    .filter(({ spans }) => spans.length > 0)
    .map(({ gap, spans }) => ({ gap, spans, width: columnsOf(spans) }));
}

/** A line as it is written, without blanks at its end. The only place where colour begins. */
export function paint(line: Line, { colour }: Surface): string {
  const spans = line.filter(({ text }) => text !== '');
  while (spans.length > 0) {
    const last = spans.pop();
    const text = last?.text.trimEnd() ?? '';
    if (text === '') continue;
    spans.push({ ...last, text });
    break;
  }
  return spans
    .map(({ text, tone }) =>
      colour && tone !== undefined ? styleText(colours[tone], text, { validateStream: false }) : text,
    )
    .join('');
}
