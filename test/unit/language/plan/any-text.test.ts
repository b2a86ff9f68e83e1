import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseEnvironments } from '../../../../src/language/environment/load-environments.ts';
import { checkPlan } from '../../../../src/language/plan/check-plan.ts';
import { parsePlan } from '../../../../src/language/plan/parse-plan.ts';
import { renderProblems } from './rendered.ts';
import type { Problem } from '../../../../src/language/problem.ts';
import { decode, type Source } from '../../../../src/language/yaml/source.ts';
import { fc } from '../../../fixtures/property.ts';

const plan = readFileSync(new URL('../../../../plans/nightly-prod.yaml', import.meta.url), 'utf8');
const environments = `environments:
  prod:
    protected: true
    postgres: { host: db.internal, database: cleaning, user: backup, password: { env: PW } }
    repository:
      s3: { bucket: cleaning-backups, prefix: prod }
      encrypt: { age: [age1abc], identity: { file: /x } }
    uploads: { s3: { bucket: cleaning-uploads } }
    alerts:
      - email: { to: [a@b], smtp: { host: mail } }
buckets:
  cleaning-backups:
    object-lock: { mode: governance, for: 14d }
    lifecycle:
      - { id: nightly, transition: [{ after: 14d, to: GLACIER }], expire-after: 70d }
      - { id: old, noncurrent: { transition: [{ after: 7d, to: GLACIER_IR }], expire-after: 30d } }
`;

const oddities = [
  '',
  'null',
  '[]',
  '{}',
  '[null]',
  '0',
  '-1',
  '"${run.id}"',
  '{ env: NOPE }',
  '{ env: SET }',
  '&a [*a]',
  '~',
  'x: y',
  '2026-02-30',
  '!!binary aGk=',
];

/** A text with some words, lines or values changed, as hasty editing would. */
function edited(text: string): fc.Arbitrary<string> {
  const words = text.split(/(\s+|[{}[\],])/);
  const change = fc.tuple(
    fc.nat(words.length - 1),
    fc.oneof(fc.constantFrom(...oddities), fc.string({ maxLength: 6 })),
  );
  return fc.array(change, { minLength: 1, maxLength: 5 }).map((changes) => {
    const copy = [...words];
    for (const [index, replacement] of changes) copy[index] = replacement;
    return copy.join('');
  });
}

function check(planText: string, environmentsText: string): readonly Problem[] {
  const source = (file: string, text: string): Source | undefined => decode(file, Buffer.from(text)).source;
  const variables = { SET: 'some text' };
  const written = source('environments.yaml', environmentsText);
  const planSource = source('nightly.yaml', planText);
  if (written === undefined || planSource === undefined) return [];
  const known = parseEnvironments(written, variables);
  const { file, problems } = parsePlan('nightly', planSource, variables, { timeZone: 'UTC' });
  if (file === undefined) return [...known.problems, ...problems];
  const settings = {
    plansFolder: '/',
    taskFolders: [],
    logFormat: 'auto',
    defaults: { timeZone: 'UTC' },
  } as const;
  const surroundings = {
    environments: known,
    settings,
    taskNames: [],
    registered: new Map(),
    commandNames: [],
    variables,
    now: new Date('2026-11-22'),
  };
  return [...known.problems, ...problems, ...checkPlan(file, surroundings, true).problems];
}

test('whatever is written, there are located problems and never an exception', () => {
  fc.assert(
    fc.property(edited(plan), edited(environments), (planText, environmentsText) => {
      const problems = check(planText, environmentsText);
      const lines = {
        'nightly.yaml': planText.split('\n'),
        'environments.yaml': environmentsText.split('\n'),
      };
      for (const { file, line, column, message } of problems) {
        const text = lines[file as keyof typeof lines][line - 1];
        expect(text, `${message} at line ${String(line)}`).toBeDefined();
        expect(column).toBeGreaterThan(0);
        expect(message).not.toMatch(/undefined|\[object/);
      }
      renderProblems(
        problems,
        new Map([
          ['nightly.yaml', planText],
          ['environments.yaml', environmentsText],
        ]),
      );
    }),
    { numRuns: 150 },
  );
});
