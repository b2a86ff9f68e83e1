import { expect, test } from 'vitest';
import { createMeter, parseChecksums, renderChecksums, sha256Of } from '../../../src/artifact/checksums.ts';

const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('what is rendered is parsed again, in the format of sha256sum', () => {
  const checksums = [
    { key: 'pg_a_20250101T020000Z.dump.zst', sha256: empty },
    { key: 'pg_a_20250101T020000Z.dump.d/3021.dat.zst', sha256: sha256Of('x') },
  ];
  const text = renderChecksums(checksums);
  expect(text.split('\n')[0]).toBe(`${empty}  pg_a_20250101T020000Z.dump.zst`);
  expect(parseChecksums(text)).toEqual(checksums);
});

test('a line that is none spoils the whole', () => {
  expect(parseChecksums(`${empty}  a\nnonsense\n`)).toBeUndefined();
});

test('a meter counts and hashes across chunks', () => {
  const meter = createMeter();
  meter.add(Buffer.from('he'));
  meter.add(Buffer.from('llo'));
  expect(meter.bytes).toBe(5);
  expect(meter.digest()).toBe(sha256Of('hello'));
});
