import type { Problem } from '../problem.ts';

/**
 * Problems for people, each as `file:line:column message`, its line of the file with the marked text underlined, and
 * what to do. Lines that may hold secrets are shown masked. `sources` are the files' texts by the paths in problems.
 */
export function renderProblems(problems: readonly Problem[], sources: ReadonlyMap<string, string>): string {
  const confidential = problems.filter((problem) => problem.confidential === true);
  return problems
    .map((problem) => renderProblem(problem, sources.get(problem.file), confidential))
    .join('\n');
}

function renderProblem(
  problem: Problem,
  source: string | undefined,
  confidential: readonly Problem[],
): string {
  const { file, line, column, severity, message, hint } = problem;
  const warning = severity === 'warning' ? 'warning: ' : '';
  const lines = [
    `${file}:${String(line)}:${String(column)} ${warning}${message}`,
    ...frame(problem, source, confidential),
  ];
  if (hint !== undefined) lines.push(`    ${hint}`);
  return `${lines.join('\n')}\n`;
}

/** A line longer than this is cut around the mark. */
const greatestWidth = 100;

function frame(
  { file, line, column, length = 1 }: Problem,
  source: string | undefined,
  confidential: readonly Problem[],
): readonly string[] {
  const text = source?.split(/\r?\n/, line)[line - 1];
  if (text === undefined || text.trim() === '') return [];
  const characters = [...maskSecrets(text)].map((character) => (character === '\t' ? ' ' : character));
  for (const secret of confidential) {
    if (secret.file !== file || secret.line !== line) continue;
    characters.fill('*', secret.column - 1, secret.column - 1 + (secret.length ?? 1));
  }
  const start = column > greatestWidth ? column - 20 : 0;
  const shown = characters
    .slice(start, start + greatestWidth)
    .join('')
    .trimEnd();
  const number = String(line);
  const width = Math.max(
    1,
    Math.min(length, greatestWidth - (column - 1 - start), [...shown].length - (column - 1 - start)),
  );
  return [
    `    ${number} | ${shown}`,
    `    ${' '.repeat(number.length)} | ${' '.repeat(column - 1 - start)}${'^'.repeat(width)}`,
  ];
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
export function problemsAsJson(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return `${JSON.stringify({ valid: errors === 0, errors, warnings: problems.length - errors, problems }, null, 2)}\n`;
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
