import { expect, test } from 'vitest';
import { keepLastLines, splitLines } from '../../../src/process/lines.ts';
import { fc } from '../../fixtures/property.ts';

function linesOf(chunks: readonly Uint8Array[], redact = (text: string): string => text): string[] {
  const lines: string[] = [];
  const splitter = splitLines(redact, (line) => lines.push(line));
  for (const chunk of chunks) splitter.write(chunk);
  splitter.end();
  return lines;
}

test('however the bytes are cut, the lines are the same', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat({ max: 50 })), (words, cuts) => {
      const lines = words.map((word) => word.replaceAll(/[\r\n]/g, ' '));
      const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
      const chunks: Buffer[] = [];
      let from = 0;
      for (const cut of cuts) {
        chunks.push(bytes.subarray(from, from + cut));
        from += cut;
      }
      expect(linesOf([...chunks, bytes.subarray(from)])).toEqual(lines);
    }),
  );
});

test('a last line without newline is told', () => {
  expect(linesOf([Buffer.from('a\nb')])).toEqual(['a', 'b']);
  expect(linesOf([Buffer.from('a\n')])).toEqual(['a']);
});

test('a secret at the cut of a long line is redacted whole, never told by half', () => {
  const line = `${'x'.repeat(4090)}open sesame${'y'.repeat(10_000)}`;
  const [told] = linesOf([Buffer.from(line)], (text) => text.replaceAll('open sesame', '***'));
  expect(told).not.toMatch(/open|sesame/);
  expect(told).toContain('x***');
});

test('a tail keeps the last lines', () => {
  const tail = keepLastLines(2);
  for (const line of ['a', 'b', 'c']) tail.add(line);
  expect(tail.lines()).toEqual(['b', 'c']);
});
