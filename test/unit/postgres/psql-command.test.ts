import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import { psqlCommand } from '../../../src/postgres/psql-command.ts';

const endpoint: PostgresEndpoint = {
  host: 'db.internal',
  port: 5433,
  user: 'backup',
  database: 'cleaning',
  password: { kind: 'env', name: 'SECRET', position: 'x:1:1' },
  sslmode: 'prefer',
};

test('says where, and no password', () => {
  expect(psqlCommand(endpoint)).toBe("psql 'host=db.internal port=5433 user=backup dbname=cleaning'");
});

test('a shell hands names of any characters over as libpq reads them', () => {
  const command = psqlCommand({ ...endpoint, host: '/run/my postgres' }, `it's a "base" \\ $HOME`);
  const [, word] = execFileSync('bash', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' }).split(
    '\n',
  );
  expect(word).toBe(
    String.raw`host='/run/my postgres' port=5433 user=backup dbname='it\'s a "base" \\ $HOME'`,
  );
});
