import { describe, expect, test } from 'vitest';
import { usesColour, widthOf } from '../../../../src/base/terminal/terminal.ts';

describe('colour', () => {
  test.each([
    ['on a terminal', true, {}, true],
    ['on a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['with NO_COLOR and FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['in a pipe', false, {}, false],
    ['in a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
    ['on a terminal with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
    ['on a dumb terminal', true, { TERM: 'dumb' }, false],
  ])('%s', (_, isTTY, environment, expected) => {
    expect(usesColour('auto', isTTY, environment)).toBe(expected);
  });

  test('--color goes before all of them', () => {
    expect(usesColour('always', false, { NO_COLOR: '1', TERM: 'dumb' })).toBe(true);
    expect(usesColour('never', true, { FORCE_COLOR: '1' })).toBe(false);
  });
});

test.each([
  ["the terminal's own", { isTTY: true, columns: 97 }, {}, 97],
  ['as COLUMNS says', { isTTY: true, columns: 97 }, { COLUMNS: '60' }, 60],
  ['the terminal’s where COLUMNS is no number', { isTTY: true, columns: 97 }, { COLUMNS: 'wide' }, 97],
  ['80 where the terminal does not know', { isTTY: true, columns: 0 }, {}, 80],
  ['none in a pipe, whatever COLUMNS says', { isTTY: false, columns: 0 }, { COLUMNS: '60' }, undefined],
])('the width is %s', (_, stream, environment, expected) => {
  expect(widthOf(stream, environment)).toBe(expected);
});
