import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { renderProblems } from './rendered.ts';
import { resolveEnvironment, resolvePlan } from '../../../../src/language/plan/workspace.ts';
import { loadFixture } from './workspace-fixture.ts';

const folder = fileURLToPath(new URL('../../../../plans/', import.meta.url));

describe('the plans of this repository', () => {
  test('have no errors', async () => {
    const { problems, sources, plans } = await loadFixture(folder);
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(renderProblems(errors, sources)).toBe('');
    expect([...plans.keys()]).toEqual(expect.arrayContaining(['nightly-prod', 'nightly-env']));
  });

  test("nightly-env works from nothing but the runbook's variables", async () => {
    const workspace = await loadFixture(folder, {
      POSTGRES_HOST: 'db.internal',
      POSTGRES_PORT: '5433',
      POSTGRES_DB: 'cleaning',
      POSTGRES_USER: 'backup',
      POSTGRES_PASSWORD: 'hunter2',
      BACKUP_DIR: '/var/backups/cleaning',
      RETENTION_DAYS: '21',
    });
    expect(resolvePlan(workspace, 'nightly-env').retention?.keepWithinMs).toBe(21 * 86_400_000);
    expect(resolveEnvironment(workspace, 'runbook')).toMatchObject({
      postgres: { host: 'db.internal', port: 5433, database: 'cleaning', user: 'backup' },
      repository: { store: { kind: 'folder', folder: '/var/backups/cleaning' } },
    });
  });
});
