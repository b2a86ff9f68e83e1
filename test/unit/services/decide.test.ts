import { expect, test } from 'vitest';
import { decide, type HostOffer } from '../../services/decide.ts';

/** A host on which everything is installed and Docker runs, with what the test changes. */
function offer(changes: Partial<HostOffer> = {}): HostOffer {
  return {
    dockerProblem: undefined,
    missingPackages: { postgres: [], s3: [] },
    wanted: undefined,
    ...changes,
  };
}

const noDocker = { dockerProblem: 'Docker does not answer' };
const noCeph = { missingPackages: { postgres: [], s3: ['ceph-mon', 'radosgw'] } };
const nothing = { missingPackages: { postgres: ['postgresql'], s3: ['radosgw'] } };

test.each([
  ['containers where Docker runs', offer(), 'containers', 'containers'],
  ['containers also where nothing is installed', offer(nothing), 'containers', 'containers'],
  ['native servers elsewhere', offer(noDocker), 'native', 'native'],
  ['native servers where they are insisted on', offer({ wanted: 'native' }), 'native', 'native'],
  [
    'what is insisted on for each',
    offer({ wanted: 'postgres:containers,s3:native' }),
    'containers',
    'native',
  ],
  ['in any order', offer({ wanted: 's3:containers, postgres:native' }), 'native', 'containers'],
  [
    'containers for what is not named',
    offer({ ...noCeph, wanted: 'postgres:native' }),
    'native',
    'containers',
  ],
  ['native servers for what is not named', offer({ ...noDocker, wanted: 's3:native' }), 'native', 'native'],
] as const)('%s', (_what, host, postgres, s3) => {
  expect(decide(host)).toMatchObject({ kind: 'some', postgres: { way: postgres }, s3: { way: s3 } });
});

test('each way has its reason', () => {
  expect(decide(offer({ wanted: 's3:native' }))).toEqual({
    kind: 'some',
    postgres: { way: 'containers', reason: 'Docker answers' },
    s3: { way: 'native', reason: 'TEST_SERVICES=s3:native' },
  });
});

test.each([
  ['containers', 'TEST_SERVICES=containers, but Docker does not answer'],
  [
    'postgres:native,s3:containers',
    'TEST_SERVICES=postgres:native,s3:containers, but Docker does not answer',
  ],
])('containers that are insisted on in vain: %s', (wanted, reason) => {
  expect(decide(offer({ ...noDocker, wanted }))).toEqual({ kind: 'none', reason });
});

test('a run that can have neither says what to install', () => {
  expect(decide(offer({ ...noDocker, ...nothing }))).toEqual({
    kind: 'none',
    reason:
      'Docker does not answer, and this host lacks postgresql radosgw. ' +
      'On Debian: apt-get install --no-install-recommends postgresql radosgw; elsewhere: start Docker',
  });
});

test('of a service that comes by container nothing is asked', () => {
  const { missingPackages } = nothing;
  const decision = decide(offer({ missingPackages, wanted: 's3:native' }));
  expect(decision).toMatchObject({
    kind: 'none',
    reason: expect.stringContaining('lacks radosgw.') as string,
  });
});

test.each([
  'podman',
  'postgres',
  'postgres:podman',
  'mysql:native',
  'native,containers',
  'postgres:native:containers',
  'postgres:native,postgres:containers',
  'postgres:native,',
  '=native',
])('a wish that nobody knows is refused with how to spell it: %s', (wanted) => {
  const spelling =
    'it is native, containers, or one of them for each service, as in postgres:containers,s3:native';
  expect(decide(offer({ wanted }))).toEqual({ kind: 'none', reason: `TEST_SERVICES=${wanted}: ${spelling}` });
});
