import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderProblems } from './rendered.ts';
import { loadFixture } from './workspace-fixture.ts';

const folder = fileURLToPath(new URL('../../../fixtures/plans/', import.meta.url));

/** What the variables of the fixtures hold; the others are not set. */
const variables = {
  RETENTION_DAYS: '30',
  KEEP_LAST: 'a lot',
  BAD_PORT: 'secret-text',
  PROTECTED: 'true',
  CARRY_ON: 'yes',
};

describe('each folder of plans has exactly these problems', () => {
  test.each(readdirSync(folder))('%s', async (name) => {
    const { problems, sources } = await loadFixture(join(folder, name), variables);
    await expect(renderProblems(problems, sources)).toMatchFileSnapshot(join(folder, name, 'problems.txt'));
  });
});
