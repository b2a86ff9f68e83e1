import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findServerInstallations } from '../../src/postgres/server-installation.ts';
import type { Services } from './services.ts';

/** How the services of this test run are had, and why. */
export type Decision =
  | { readonly kind: Services['kind']; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string };

/** What a host offers, asked once. */
export interface HostOffer {
  /** Undefined where Docker answers, otherwise why it does not. */
  readonly dockerProblem: string | undefined;
  /** Debian packages that the native way lacks; empty when it can run. */
  readonly missingPackages: readonly string[];
  /** `TEST_SERVICES` from the environment. */
  readonly wanted: string | undefined;
}

/**
 * Containers where Docker runs, this host's own programs elsewhere. `TEST_SERVICES=native` or `=containers` insists.
 * Without either the run fails: tests that are skipped prove nothing.
 */
export function decide(offer: HostOffer): Decision {
  const { dockerProblem, missingPackages, wanted } = offer;
  const packages = missingPackages.join(' ');
  if (wanted !== undefined && wanted !== 'native' && wanted !== 'containers') {
    return { kind: 'none', reason: `TEST_SERVICES=${wanted}: it is native or containers` };
  }
  if (wanted !== 'native' && dockerProblem === undefined)
    return { kind: 'containers', reason: 'Docker answers' };
  if (wanted === 'containers')
    return { kind: 'none', reason: `TEST_SERVICES=containers, but ${dockerProblem ?? ''}` };
  const why = wanted === 'native' ? 'TEST_SERVICES=native' : (dockerProblem ?? '');
  if (missingPackages.length === 0) return { kind: 'native', reason: why };
  return {
    kind: 'none',
    reason: `${why}, and this host lacks ${packages}. On Debian: apt-get install --no-install-recommends ${packages}; elsewhere: start Docker`,
  };
}

/** Asks this host. Docker is asked through testcontainers itself, which knows every place where it may listen. */
export async function askHost(environment: NodeJS.ProcessEnv = process.env): Promise<HostOffer> {
  const wanted = environment['TEST_SERVICES'];
  const [dockerProblem, missingPackages] = await Promise.all([
    wanted === 'native' ? 'TEST_SERVICES=native' : askDocker(),
    findMissingPackages(),
  ]);
  return { dockerProblem, missingPackages, wanted };
}

async function askDocker(): Promise<string | undefined> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch {
    return 'Docker does not answer';
  }
}

/** Debian's package for each program that the native way starts. */
const packages: Readonly<Record<string, string>> = {
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  radosgw: 'radosgw',
};

async function findMissingPackages(): Promise<readonly string[]> {
  const servers = await findServerInstallations();
  const missing = servers.length === 0 ? ['postgresql'] : [];
  for (const [program, name] of Object.entries(packages)) {
    const found = await promisify(execFile)('sh', ['-c', `command -v "$1"`, 'sh', program]).catch(
      () => undefined,
    );
    if (found === undefined) missing.push(name);
  }
  return missing;
}
