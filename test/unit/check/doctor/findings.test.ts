import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clockFinding } from '../../../../src/check/doctor/clock-skew.ts';
import { ownSpaceCheck } from '../../../../src/check/space.ts';
import { nodeFinding, oldestNode } from '../../../../src/check/doctor/host-looks.ts';
import { takeLooks, type Look } from '../../../../src/check/doctor/look.ts';
import { secretsIn } from '../../../../src/check/doctor/secret-looks.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { Failure } from '../../../../src/base/failure.ts';

const never = new AbortController().signal;

function look(what: string, take: Look['take'], limitMs = 5_000): Look {
  return { subject: 'environment prod', what, limitMs, take };
}

test('what does not answer and what fails are findings, and hide nothing', async () => {
  const findings = await takeLooks(
    [
      look('silent', () => new Promise(() => undefined), 20),
      look('broken', () => Promise.reject(new Failure('tool-missing', 'gone', { hint: 'install it' }))),
      look('secretive', () =>
        Promise.reject(new Failure('secret-unavailable', 'no password', { hint: 'x' })),
      ),
      look('sound', () => Promise.resolve([{ what: 'sound', state: 'ok', found: 'here' }])),
    ],
    systemClock,
    never,
  );
  expect(findings.map(({ what, state, found, hint }) => [what, state, found, hint])).toEqual([
    ['silent', 'fail', expect.stringContaining('no answer within'), expect.stringContaining('network')],
    ['broken', 'fail', 'gone', 'install it'],
    ['secretive', 'fail', 'not asked: no password', undefined],
    ['sound', 'ok', 'here', undefined],
  ]);
});

test('a bug is no finding, and a cancel ends all looks at once', async () => {
  await expect(
    takeLooks([look('bug', () => Promise.reject(new TypeError('oops')))], systemClock, never),
  ).rejects.toThrow('oops');
  const cancel = new AbortController();
  const looking = takeLooks([look('silent', () => new Promise(() => undefined))], systemClock, cancel.signal);
  cancel.abort(new Failure('terminated', 'enough'));
  await expect(looking).rejects.toMatchObject({ code: 'terminated' });
});

test('the oldest Node is that of the package', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  expect(engines.node).toBe(`>=${oldestNode.join('.')}`);
  expect(['22.21.9', '20.20.2', '22.22.0', '24.0.0'].map((version) => nodeFinding(version).state)).toEqual([
    'fail',
    'fail',
    'ok',
    'ok',
  ]);
});

test('clocks and space are judged by their limits', () => {
  const skews = [0, -4_999, 5_000, -299_999, 300_000, -3_600_000];
  expect(skews.map((skewMs) => clockFinding('clock', skewMs).state)).toEqual([
    'ok',
    'ok',
    'warn',
    'warn',
    'fail',
    'fail',
  ]);
  expect(clockFinding('clock', -3_600_000).found).toBe('1h behind this host');
  const free = [10, 60, 2_000].map((mebibytes) => mebibytes * 1024 ** 2);
  const disk = { totalBytes: 1e12, freeInodes: 1e6, totalInodes: 1e6 };
  expect(free.map((freeBytes) => ownSpaceCheck('x', '/x', { ...disk, freeBytes }).state)).toEqual([
    'fail',
    'warn',
    'ok',
  ]);
  expect(ownSpaceCheck('x', '/x', { ...disk, freeBytes: 1e12, freeInodes: 9_000 })).toMatchObject({
    state: 'fail',
    found: '/x has 9000 of 1000000 inodes free (0.9 %)',
  });
});

test('secrets are found wherever an environment has them, under the name that the YAML gives them', () => {
  const reference = { kind: 'env', name: 'X', position: 'f:1:1' };
  const found = secretsIn({
    name: 'prod',
    postgres: { password: reference },
    repository: { store: { kind: 's3', s3: { secretAccessKey: reference } } },
    alerts: [{ webhook: { url: reference } }],
  });
  expect(found.map(({ name }) => name)).toEqual([
    'postgres.password',
    'repository.s3.secret-access-key',
    'alerts.0.webhook.url',
  ]);
});
