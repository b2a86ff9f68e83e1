import { expect, test } from 'vitest';
import type { Problem } from '../../../../src/language/problem.ts';
import { problemsAsAnnotations, problemsAsData } from '../../../../src/language/plan/render-problems.ts';
import { renderProblems } from './rendered.ts';

const problem: Problem = {
  file: 'plans/nightly-prod.yaml',
  line: 2,
  column: 3,
  length: 8,
  severity: 'error',
  rule: 'unknown-key',
  message: "unknown key 'retenton', did you mean 'retention'?",
};

function render(text: string, change: Partial<Problem> = {}): string {
  return renderProblems([{ ...problem, ...change }], new Map([[problem.file, text]]));
}

test('a problem shows its place, its line and the marked text', () => {
  expect(render('a: 1\n  retenton: 14d\n')).toBe(
    [
      "plans/nightly-prod.yaml:2:3 unknown key 'retenton', did you mean 'retention'?",
      '    2 |   retenton: 14d',
      '      |   ^^^^^^^^',
      '',
    ].join('\n'),
  );
});

test('a place far to the right is brought into view', () => {
  const frame = render(`a: 1\n${'x'.repeat(300)}HERE\n`, { column: 301, length: 4 });
  expect(frame).toContain(`    2 | ${'x'.repeat(19)}HERE`);
  expect(frame.split('\n')[2]).toBe(`      | ${' '.repeat(19)}^^^^`);
});

test.each([
  ['password: hunter2', 1],
  ['postgres: { pasword: x, password: "hunter2", user: a }', 13],
  ['AWS_SECRET_ACCESS_KEY=hunter2 aws s3 ls', 1],
  ['url: postgres://backup:hunter2@db/cleaning', 1],
  ["api-token: 'hunter2'", 1],
])('no frame shows the secret of %s', (line, column) => {
  const frame = render(`a: 1\n${line}\n`, { column });
  expect(frame).not.toContain('hunter2');
  expect(frame).toContain('*******');
});

test('references to secrets stay readable', () => {
  const line = 'password: { command: pass show db/backup/password }';
  expect(render(`a: 1\n${line}\n`)).toContain(line);
});

test('what one problem calls confidential no other frame shows', () => {
  const secret: Problem = { ...problem, column: 12, length: 7, rule: 'secret-in-clear', confidential: true };
  const text = renderProblems(
    [problem, secret],
    new Map([[problem.file, 'a: 1\n  retenton: hunter2\n'.replace('  ', '')]]),
  );
  expect(text).not.toContain('hunter2');
});

test('annotations escape what GitHub reads as syntax', () => {
  const text = problemsAsAnnotations([
    {
      ...problem,
      file: 'plans/a,b:c.yaml',
      message: '100 %\nof it',
      hint: 'look, here: now',
      severity: 'warning',
    },
  ]);
  expect(text).toBe(
    '::warning file=plans/a%2Cb%3Ac.yaml,line=2,col=3,endColumn=11,title=unknown-key::100 %25%0Aof it%0Alook, here: now\n',
  );
});

test('json says whether the plans are valid, and everything that text says', () => {
  const warning: Problem = { ...problem, severity: 'warning' };
  expect(problemsAsData([warning])).toEqual({
    valid: true,
    errors: 0,
    warnings: 1,
    problems: [warning],
  });
  expect(problemsAsData([problem, warning])).toMatchObject({
    valid: false,
    errors: 1,
    warnings: 1,
  });
});
