import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { renderRestoreGuide, type RestoreGuide } from '../../../src/artifact/restore-guide.ts';

const guide: RestoreGuide = {
  name: 'pg_shop_20250101T020000Z',
  database: 'shop',
  createdAt: new Date('2025-01-01T02:00:00Z'),
  location: 's3://backups/prod',
  format: 'custom',
  compressed: true,
  encrypted: false,
  checksums: 'pg_shop_20250101T020000Z.dump.zst.sha256',
  dump: 'pg_shop_20250101T020000Z.dump.zst',
  largeObjects: undefined,
  globals: undefined,
  privileges: undefined,
  needSearchPath: [],
  jobs: 2,
  serverMajor: 15,
  locale: { encoding: 'UTF8', collation: 'C.UTF-8', characterType: 'C.UTF-8', icu: null },
};

function blockOf(text: string): string {
  const blocks = text.split('```bash\n');
  expect(blocks).toHaveLength(2);
  return blocks[1]?.split('\n```')[0] ?? '';
}

test.for<Partial<RestoreGuide>>([
  {},
  { compressed: false, encrypted: true, globals: 'pg_shop_20250101T020000Z.globals.sql.age' },
  { format: 'directory', dump: 'pg_shop_20250101T020000Z.dump.d' },
  { location: "/srv/it's here/`date`/$HOME", database: 'a`b"c\'d|e' },
  { endpoint: 'http://s3.example:9000', region: 'eu-1' },
  { locale: { ...guide.locale, icu: 'de-u-co-phonebk' } },
])('one block that bash accepts, whatever the names (%j)', (change) => {
  const block = blockOf(renderRestoreGuide({ ...guide, ...change }));
  expect(() => execFileSync('bash', ['-n'], { input: block })).not.toThrow();
});

test('an odd location reaches the variable as it is', () => {
  const location = "/srv/it's here/`date`/$HOME/a}b";
  const block = blockOf(renderRestoreGuide({ ...guide, location }));
  const assignment = block.split('\n').find((line) => line.startsWith('FROM='));
  const script = `${assignment ?? ''}\nprintf %s "$FROM"`;
  expect(
    execFileSync('bash', ['--norc', '-c', script], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    }),
  ).toBe(location);
});

test('a dump that stock tools cannot make whole goes on, and says what may be missing', () => {
  expect(renderRestoreGuide(guide)).toContain('--exit-on-error');
  const text = renderRestoreGuide({ ...guide, needSearchPath: ['index cities_by_name'] });
  expect(text).not.toContain('--exit-on-error');
  expect(text).toContain('`index cities_by_name`');
});

test('only what the artifact needs is asked for', () => {
  expect(renderRestoreGuide(guide)).not.toMatch(/age --decrypt|IDENTITY|AWS_ENDPOINT_URL|tar --extract/);
  expect(renderRestoreGuide({ ...guide, encrypted: true })).toContain('age --decrypt');
  expect(renderRestoreGuide({ ...guide, endpoint: 'http://s3:9000' })).toContain(
    'aws --endpoint-url "$AWS_ENDPOINT_URL" s3 cp',
  );
});

test('the new database never bears the old one’s name', () => {
  expect(renderRestoreGuide(guide)).toContain('shop_restored');
  expect(renderRestoreGuide({ ...guide, database: 'ünïcode db' })).toContain('_n_code_db_restored');
});
