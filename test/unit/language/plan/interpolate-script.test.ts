import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { interpolateScript } from '../../../../src/language/plan/interpolate-script.ts';

const nasty = `it's "a" $(echo run) \`id\` *  \\ $HOME`;
const scope = { parameters: { x: nasty, plain: 'orders' }, run: { id: 'r1', scratch: 'drill_1' }, steps: {} };

function output(script: string): string {
  const { script: text, environment } = interpolateScript(script, scope);
  return execFileSync('bash', ['-c', `set -euo pipefail\n${text}`], {
    env: { PATH: process.env['PATH'], ...environment },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('a value in a script is one word and never code', () => {
  test.each([
    ['unquoted', 'printf "[%s]" ${parameters.x}', `[${nasty}]`],
    ['in double quotes', 'printf "[%s]" "<${parameters.x}>"', `[<${nasty}>]`],
    ['in single quotes', `printf "[%s]" '<\${parameters.x}>'`, `[<${nasty}>]`],
    ['in a command substitution inside quotes', 'printf "[%s]" "$(printf %s ${parameters.x})"', `[${nasty}]`],
    ['in a here document', 'cat <<END\n<${parameters.x}>\nEND\n', `<${nasty}>\n`],
    ['after a comment with a quote', "# it's\nprintf '[%s]' ${parameters.x}", `[${nasty}]`],
    ['after an escaped quote', 'printf "[%s]" \\"${parameters.plain}\\"', '["orders"]'],
    ['joined to other text', 'printf "[%s]" db_${run.scratch}.sql', '[db_drill_1.sql]'],
  ])('%s', (_, script, expected) => {
    expect(output(script)).toBe(expected);
  });
});

test("bash's own expansions are left to bash", () => {
  expect(output('name=abc.gz; printf "%s %s %s" ${name%.gz} ${#name} ${none:-x}')).toBe('abc 6 x');
});

test('an escaped interpolation reaches bash as plain text', () => {
  expect(output('printf %s "$${parameters.x}"')).toBe('${parameters.x}');
});
