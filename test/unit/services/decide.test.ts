import { expect, test } from 'vitest';
import { decide } from '../../services/decide.ts';

const docker = { dockerProblem: undefined };
const noDocker = { dockerProblem: 'Docker does not answer' };
const wanted = undefined;

test.each([
  ['containers where Docker runs', { ...docker, missingPackages: [], wanted }, 'containers'],
  [
    'containers also where nothing is installed',
    { ...docker, missingPackages: ['radosgw'], wanted },
    'containers',
  ],
  ['native servers elsewhere', { ...noDocker, missingPackages: [], wanted }, 'native'],
  [
    'native servers where they are insisted on',
    { ...docker, missingPackages: [], wanted: 'native' },
    'native',
  ],
  [
    'none where containers are insisted on in vain',
    { ...noDocker, missingPackages: [], wanted: 'containers' },
    'none',
  ],
  [
    'none where neither can be had',
    { ...noDocker, missingPackages: ['ceph-mon', 'radosgw'], wanted },
    'none',
  ],
  ['none for a wish that nobody knows', { ...docker, missingPackages: [], wanted: 'podman' }, 'none'],
] as const)('%s', (_what, offer, kind) => {
  expect(decide(offer).kind).toBe(kind);
});

test('a run that can have neither says what to install', () => {
  const { reason } = decide({ ...noDocker, missingPackages: ['postgresql', 'radosgw'], wanted });
  expect(reason).toContain('apt-get install --no-install-recommends postgresql radosgw');
});
