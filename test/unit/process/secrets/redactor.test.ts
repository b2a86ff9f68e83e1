import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../../src/process/secrets/redactor.ts';
import { createSecret } from '../../../../src/process/secrets/secret.ts';
import { fc } from '../../../fixtures/property.ts';

/** Secrets as people have them; what is part of the mask itself cannot be told from it. */
const secrets = fc
  .oneof(
    fc.string({ minLength: 4, maxLength: 40 }),
    fc.string({ minLength: 4, maxLength: 40, unit: 'grapheme' }),
    fc.string({ minLength: 4, maxLength: 24, unit: fc.constantFrom(...'aZ09 \'"\\/:+%&=?#@!()*~\t\né') }),
  )
  .filter(
    (value) => value.trim() === value && value.length >= 4 && !/^\*+$/.test(value) && value.isWellFormed(),
  );

const surroundings = fc.string({ maxLength: 20, unit: fc.constantFrom(...'ab 1:/?=&"\'\n') });

/** Every way in which a program of ours or another may print a secret. */
const renderings: Readonly<Record<string, (value: string) => string>> = {
  'as it is': (value) => value,
  'in base64': (value) => Buffer.from(value).toString('base64'),
  'in base64 for URLs': (value) => Buffer.from(value).toString('base64url'),
  'URL-encoded': encodeURIComponent,
  'URL-encoded in lower case': (value) =>
    encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()),
  'as a form field': (value) => new URLSearchParams({ v: value }).toString().slice(2),
  'in JSON': (value) => JSON.stringify(value).slice(1, -1),
  'in SQL': (value) => value.replaceAll("'", "''"),
  'in XML': (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  "by Python's shlex": (value) => value.replaceAll("'", `'"'"'`),
  'in a password file': (value) => value.replaceAll(/[:\\]/g, String.raw`\$&`),
};

describe.each(Object.entries(renderings))('a secret %s', (_, render) => {
  it('survives in no text', () => {
    fc.assert(
      fc.property(secrets, surroundings, surroundings, (value, before, after) => {
        const redactor = createRedactor();
        redactor.teach(value);
        const redacted = redactor.redact(before + render(value) + after);
        expect(redacted).toContain('***');
        expect(redacted.replaceAll('***', '')).not.toContain(render(value));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a redactor', () => {
  it('masks what surrounds nothing and leaves the rest of the text alone', () => {
    const redactor = createRedactor();
    redactor.teach('hunter22');
    expect(redactor.redact('password=hunter22 failed for hunter2, hunter22!')).toBe(
      'password=*** failed for hunter2, ***!',
    );
  });

  it('finds a password inside the base64 of user and password', () => {
    const redactor = createRedactor();
    redactor.teach('correct horse battery');
    for (const user of ['a', 'ab', 'abc', 'backup']) {
      const header = Buffer.from(`${user}:correct horse battery`).toString('base64');
      const masked = redactor.redact(`Authorization: Basic ${header}`);
      const left = Buffer.from(
        masked.replace('Authorization: Basic ', '').replace('***', ''),
        'base64',
      ).toString();
      expect(masked).toContain('***');
      expect(left).not.toMatch(/horse|battery|correct/);
    }
  });

  it('hides overlapping secrets to the end of the last', () => {
    const redactor = createRedactor();
    redactor.teach('abcdef');
    redactor.teach('defghi');
    redactor.teach('abcdefghijkl');
    expect(redactor.redact('xabcdefghix')).toBe('x***x');
    expect(redactor.redact('xabcdefghijklx')).toBe('x***x');
  });

  it('masks each line of a secret of several lines, for output comes line by line', () => {
    const redactor = createRedactor();
    redactor.teach('# created today\nAGE-SECRET-KEY-1QQPZ\n');
    expect(redactor.redact('read AGE-SECRET-KEY-1QQPZ from the file')).toBe('read *** from the file');
  });

  it.each([
    ['1', 'step 1 at 12:01 took 1.5 s with 11 files', 'step *** at 12:01 took ***.5 s with 11 files'],
    ['abc', 'abc abcd xabc pw=abc', '*** abcd xabc pw=***'],
  ])('masks the short secret %j only where it stands alone', (value, text, expected) => {
    const redactor = createRedactor();
    redactor.teach(value);
    expect(redactor.redact(text)).toBe(expected);
  });
});

describe('a secret value', () => {
  it('survives in no rendering of the value that holds it', () => {
    fc.assert(
      fc.property(secrets, (text) => {
        // Marked, so that a value such as `reve` is not found in the word `reveal`.
        const value = `§${text}§`;
        const secret = createSecret(value);
        const holder = { password: secret, nested: [secret], copy: { ...secret } };
        const printed = [
          String(secret),
          `printed: ${String(secret)}`,
          ['joined', secret].join(),
          JSON.stringify(holder),
          inspect(holder, { depth: 9, showHidden: true }),
          inspect(secret, { customInspect: false, showHidden: true }),
          Object.values(secret).join(),
        ];
        for (const rendering of printed) expect(rendering).not.toContain(value);
        expect(secret.reveal()).toBe(value);
      }),
    );
  });

  it('prints as three stars', () => {
    const secret = createSecret('hunter22');
    expect([String(secret), JSON.stringify({ secret }), inspect(secret), inspect({ secret })]).toEqual([
      '***',
      '{"secret":"***"}',
      '***',
      '{ secret: *** }',
    ]);
  });
});

it.each([
  ['in hexadecimal', '66696c65277320262031'],
  ['in hexadecimal of capitals', '66696C65277320262031'],
  ["by bash's printf %q", String.raw`file\'s\ \&\ 1`],
])('a secret %s is masked', (_, printed) => {
  const redactor = createRedactor();
  redactor.teach("file's & 1");
  expect(redactor.redact(`it is ${printed}.`)).toBe('it is ***.');
});
