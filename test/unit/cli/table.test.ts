import { expect, test } from 'vitest';
import { renderTable } from '../../../src/cli/table.ts';

test('columns are as wide as their widest cell, numbers stand right, lines end without blanks', () => {
  const table = renderTable(
    [{ title: 'NAME' }, { title: 'SIZE', align: 'right' }, { title: 'STATE' }],
    [
      ['größe', '9 B', ''],
      ['a', '1.2 MB', 'verified'],
    ],
  );
  expect(table).toBe('NAME     SIZE  STATE\ngröße     9 B\na      1.2 MB  verified\n');
});
