import { expect, test } from 'vitest';
import { SaxesParser } from 'saxes';
import { renderDocuments } from '../../../../src/tell/evidence/documents.ts';
import { renderText } from '../../../../src/tell/evidence/text-document.ts';
import { validate } from '../../../../src/language/generated/drill-evidence.validate.ts';
import type { RunRecord } from '../../../../src/language/generated/run-record.types.ts';
import { fc } from '../../../fixtures/property.ts';
import { evidenceOf, goodRecord, recordedStep, restoreFacts } from './recorded-drill.ts';

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '</style><script>alert(1)</script>',
    '"onload="x',
    '|`*_\n# x',
    '\u0000\uD800\uFFFE',
    ']]>',
    '-->',
  ),
);
const anything = fc.anything({ withBigInt: false, withNullPrototype: true, maxDepth: 3 });

/** Facts with the known keys and their fields, each as it should be, or anything else. */
function fieldsOr(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value))
    return fc.oneof(
      fc.array(value[0] === undefined ? anything : fieldsOr(value[0]), { maxLength: 3 }),
      anything,
    );
  if (typeof value === 'object' && value !== null)
    return fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record(
          Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fieldsOr(each)])),
          { requiredKeys: [] },
        ),
      },
      { weight: 1, arbitrary: anything },
    );
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(value) },
    { weight: 1, arbitrary: nasty },
    { weight: 1, arbitrary: anything },
  );
}

const facts = fc.record(
  {
    restore: fieldsOr(restoreFacts),
    checks: fieldsOr([
      { name: 'a', state: 'failed', expected: 'x', found: 'y', message: 'z', durationMs: 1 },
    ]),
    tests: fieldsOr({
      tests: 1,
      failures: 1,
      errors: 0,
      skipped: 0,
      durationMs: 1,
      failed: [{ name: 'a', message: 'b' }],
    }),
    compare: fieldsOr({
      mode: 'content',
      artifact: 'a',
      tables: 1,
      rows: 1,
      differences: [{ table: 't', expected: '1', found: '2' }],
    }),
    signOff: fieldsOr({ check: 'c', text: 't', state: 'signed', by: 'b', at: '2026-01-01T00:00:00Z' }),
    probes: fieldsOr({ probes: 1, errors: 1, errorRate: 1, p95Ms: 1, durationMs: 1 }),
  },
  { requiredKeys: [] },
);

function wellFormed(xml: string): void {
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
}

test('facts of any shape become evidence of the schema, and every document of it renders', () => {
  fc.assert(
    fc.property(facts, nasty, nasty, (given, name, message) => {
      const step = recordedStep('postgres-restore', 0, {
        name,
        outcome: 'failed',
        facts: { ...given },
        error: { code: 'x', message, hint: name },
        notes: [{ level: 'note', text: message }],
      });
      const record: RunRecord = {
        ...goodRecord,
        parameters: { [name]: message },
        warnings: [message],
        steps: [step],
      };
      const evidence = evidenceOf(record);
      expect(validate(JSON.parse(JSON.stringify(evidence)))).toBe(true);
      const documents = renderDocuments(evidence);
      wellFormed(documents.get('.junit.xml') ?? '');
      expect(documents.get('.html')).not.toMatch(/<script/i);
      expect(documents.get('.html')?.match(/<style>/g)).toHaveLength(1);
      expect(documents.get('.html')?.match(/<\/style>/g)).toHaveLength(1);
      expect(renderText(evidence)).not.toBe('');
    }),
    { numRuns: 60 },
  );
});
