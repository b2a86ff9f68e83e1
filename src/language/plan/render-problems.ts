import { sentence, verbatim, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { columnsOf } from '../../base/terminal/text.ts';
import { visible } from '../../base/terminal/visible.ts';
import type { Problem } from '../problem.ts';

/** Of a longer line as much is shown as has room around the mark. */
const greatestWidth = 100;
/** What a mark that stands further right has before it. */
const contextWidth = 20;

/**
 * Problems for people, each as `file:line:column message`, its line of the file with the marked text underlined, and
 * what to do. Lines that may hold secrets are shown masked. `sources` are the files' texts by the paths in problems.
 */
export function problemBlocks(
  problems: readonly Problem[],
  sources: ReadonlyMap<string, string>,
): readonly Block[] {
  const confidential = problems.filter((problem) => problem.confidential === true);
  return problems.flatMap((problem, index) => [
    ...(index === 0 ? [] : ['']),
    headOf(problem),
    frame(problem, sources.get(problem.file), confidential),
    ...(problem.hint === undefined ? [] : [sentence(problem.hint, { indent: 4, hang: 0 })]),
  ]);
}

function headOf({ file, line, column, severity, message }: Problem): Block {
  const place = `${file}:${String(line)}:${String(column)} `;
  return sentence(
    severity === 'warning'
      ? [place, status('warning', 'warning:'), ` ${message}`]
      : [status('error', place), message],
    { hang: 4 },
  );
}

function frame(
  { file, line, column, length = 1 }: Problem,
  source: string | undefined,
  confidential: readonly Problem[],
): Block {
  const text = source?.split(/\r?\n/, line)[line - 1];
  if (text === undefined || text.trim() === '') return nothing;
  const characters = [...maskSecrets(text)].map((character) => (character === '\t' ? ' ' : character));
  for (const secret of confidential) {
    if (secret.file !== file || secret.line !== line) continue;
    characters.fill('*', secret.column - 1, secret.column - 1 + (secret.length ?? 1));
  }
  const number = String(line);
  return frameBlock(characters, { number, column, length });
}

const nothing: Block = { lines: () => [] };

/** As wide as there is room. */
function frameBlock(
  characters: readonly string[],
  { number, column, length }: { readonly number: string; readonly column: number; readonly length: number },
): Block {
  return {
    lines: (surface) => {
      const room = Math.min(greatestWidth, (surface.width ?? Infinity) - number.length - ' | '.length - 4);
      const start = column > room ? Math.max(0, column - contextWidth) : 0;
      const before = start === 0 ? column - 1 : contextWidth - 1;
      const cells = characters.slice(start).map(visible);
      const widths = cells.map((cell) => columnsOf([{ text: cell }]));
      let shown = 0;
      for (let used = widths[0] ?? 0; shown < cells.length && used <= room; used += widths[shown] ?? 0)
        shown += 1;
      const sum = (from: number, to: number): number =>
        widths.slice(from, to).reduce((total, width) => total + width, 0);
      const mark = Math.max(1, sum(before, Math.min(shown, before + length)));
      const text = verbatim([
        `    ${number} | ${cells.slice(0, shown).join('')}`.trimEnd(),
        `\n    ${' '.repeat(number.length)} | ${' '.repeat(sum(0, before))}`,
        status('error', '^'.repeat(mark)),
      ]);
      return text.lines(surface);
    },
  };
}

const secretValue =
  /((?:password|passwd|passphrase|secret|token|api-?key|access-key)[\w-]*["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s{}[\],&*|>][^\s,}\]]*)/gi;

/** The line with what stands after secret-like keys, and passwords in addresses, as stars; columns stay. */
function maskSecrets(line: string): string {
  return line
    .replaceAll(secretValue, (_, key: string, value: string) => key + stars(value))
    .replaceAll(
      /(:\/\/[^\s:/@]+:)([^\s/@]+)(?=@)/g,
      (_, start: string, value: string) => start + stars(value),
    );
}

function stars(text: string): string {
  return '*'.repeat([...text].length);
}

/** Problems as data: what `validate --json` prints. */
export function problemsAsData(problems: readonly Problem[]): unknown {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { valid: errors === 0, errors, warnings: problems.length - errors, problems };
}

/** Problems as workflow commands of GitHub Actions, which shows them beside the lines of a pull request. */
export function problemsAsAnnotations(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, column, length = 1, severity, rule, message, hint }) => {
      const properties = {
        file,
        line: String(line),
        col: String(column),
        endColumn: String(column + length),
        title: rule,
      };
      const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
      return `::${severity} ${list.join(',')}::${escapeData(hint === undefined ? message : `${message}\n${hint}`)}\n`;
    })
    .join('');
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
