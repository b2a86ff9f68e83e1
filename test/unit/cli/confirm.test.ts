import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { confirm } from '../../../src/cli/confirm.ts';
import { createHost, type CommandHost } from '../../../src/task/host.ts';
import { createRedactor } from '../../../src/process/secrets/redactor.ts';

/** A host whose person types `typed`; without it nobody sits there. */
function hostWhere(typed: string | undefined): CommandHost {
  const input = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  if (typed !== undefined) input.end(typed);
  const output = new PassThrough().resume();
  return createHost({
    version: '0.0.0',
    taskFolder: '/tasks',
    environmentVariables: {},
    workingFolder: '/',
    input: input as unknown as NodeJS.ReadStream,
    output: output as unknown as NodeJS.WriteStream,
    errorOutput: output as unknown as NodeJS.WriteStream,
    redactor: createRedactor(),
  });
}

const refused = expect.objectContaining({ code: 'not-confirmed' }) as Error;
const consequence = "plan 'fix' writes to the protected environment 'prod'";

describe('a protected environment', () => {
  test.each([
    ['its name by flag', 'prod' as const, undefined],
    ['its name typed', undefined, 'prod\n'],
  ])('is confirmed by %s', async (_, given, typed) => {
    await expect(confirm(hostWhere(typed), { consequence, word: 'prod', given })).resolves.toBeUndefined();
  });

  test.each([
    ['a bare --yes', true as const, undefined],
    ['another name by flag', 'staging', undefined],
    ['the flag beside a terminal', 'staging', 'prod\n'],
    ['another word typed', undefined, 'yes\n'],
    ['the name in another case', undefined, 'Prod\n'],
    ['an empty line', undefined, '\n'],
    ['the end of the input', undefined, ''],
    ['nobody at the terminal', undefined, undefined],
  ])('is not confirmed by %s', async (_, given, typed) => {
    await expect(confirm(hostWhere(typed), { consequence, word: 'prod', given })).rejects.toEqual(refused);
  });
});

test('a plain question is answered by --yes', async () => {
  const answered = confirm(hostWhere(undefined), { consequence: '3 removals', word: 'yes', given: true });
  await expect(answered).resolves.toBeUndefined();
});
