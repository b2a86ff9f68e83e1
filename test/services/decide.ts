import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findServerInstallations } from '../../src/postgres/server-installation.ts';
import type { Services, Way } from './services.ts';

/** The services by their names in `TEST_SERVICES`. */
export type ServiceName = keyof Services;

/** How one service of this test run is had, and why. */
export interface ServiceDecision {
  readonly way: Way;
  readonly reason: string;
}

/** How all of them are had, or why they cannot be. */
export type Decision =
  | ({ readonly kind: 'some' } & Readonly<Record<ServiceName, ServiceDecision>>)
  | { readonly kind: 'none'; readonly reason: string };

/** What a host offers, asked once. */
export interface HostOffer {
  /** Undefined where Docker answers, otherwise why it does not. */
  readonly dockerProblem: string | undefined;
  /** Debian packages that the native way of each service lacks; empty when it can run. */
  readonly missingPackages: Readonly<Record<ServiceName, readonly string[]>>;
  /** `TEST_SERVICES` from the environment. */
  readonly wanted: string | undefined;
}

interface Lack {
  readonly way: 'none';
  readonly reason: string;
  /** Packages with which it could be had. */
  readonly packages: readonly string[];
}

type Wish = Readonly<Partial<Record<ServiceName, Way>>>;

const names: readonly ServiceName[] = ['postgres', 's3'];
const ways: readonly Way[] = ['native', 'containers'];

/**
 * Containers where Docker runs, this host's own programs elsewhere. `TEST_SERVICES=native` or `=containers` insists,
 * `=postgres:containers,s3:native` does so for each service; one that is not named is had as without. When one cannot be
 * had the run fails: tests that are skipped prove nothing.
 */
export function decide(offer: HostOffer): Decision {
  const wish = parseWish(offer.wanted ?? '');
  if (wish === undefined) {
    const spelling = `${ways.join(', ')}, or one of them for each service, as in postgres:containers,s3:native`;
    return { kind: 'none', reason: `TEST_SERVICES=${offer.wanted ?? ''}: it is ${spelling}` };
  }
  const postgres = decideOne('postgres', wish, offer);
  const s3 = decideOne('s3', wish, offer);
  if (postgres.way !== 'none' && s3.way !== 'none') return { kind: 'some', postgres, s3 };
  return { kind: 'none', reason: explain([postgres, s3].filter((each) => each.way === 'none')) };
}

/** Undefined for what nobody can mean, also for a service that is named twice. */
function parseWish(wanted: string): Wish | undefined {
  if (wanted === '') return {};
  const way = ways.find((each) => each === wanted);
  if (way !== undefined) return { postgres: way, s3: way };
  const wish: Partial<Record<ServiceName, Way>> = {};
  for (const part of wanted.split(',')) {
    const [first, second, ...rest] = part.split(':');
    const name = names.find((each) => each === first?.trim());
    const itsWay = ways.find((each) => each === second?.trim());
    if (name === undefined || itsWay === undefined || rest.length > 0 || name in wish) return undefined;
    wish[name] = itsWay;
  }
  return wish;
}

function decideOne(name: ServiceName, wish: Wish, offer: HostOffer): ServiceDecision | Lack {
  const { dockerProblem, missingPackages, wanted = '' } = offer;
  const way = wish[name];
  const insists = `TEST_SERVICES=${wanted}`;
  if (way !== 'native' && dockerProblem === undefined)
    return { way: 'containers', reason: way === undefined ? 'Docker answers' : insists };
  if (way === 'containers')
    return { way: 'none', reason: `${insists}, but ${dockerProblem ?? ''}`, packages: [] };
  const reason = way === 'native' ? insists : (dockerProblem ?? '');
  const packages = missingPackages[name];
  return packages.length === 0 ? { way: 'native', reason } : { way: 'none', reason, packages };
}

function explain(lacks: readonly Lack[]): string {
  const reasons = [...new Set(lacks.map(({ reason }) => reason))].join(', and ');
  const packages = lacks.flatMap((lack) => lack.packages).join(' ');
  if (packages === '') return reasons;
  return `${reasons}, and this host lacks ${packages}. On Debian: apt-get install --no-install-recommends ${packages}; elsewhere: start Docker`;
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

/** Programs that the native S3 starts; Debian's packages have their names. */
const gatewayPrograms = ['ceph-mon', 'ceph-osd', 'radosgw'];

async function findMissingPackages(): Promise<HostOffer['missingPackages']> {
  const servers = await findServerInstallations();
  const s3: string[] = [];
  for (const program of gatewayPrograms) {
    const found = await promisify(execFile)('sh', ['-c', `command -v "$1"`, 'sh', program]).catch(
      () => undefined,
    );
    if (found === undefined) s3.push(program);
  }
  return { postgres: servers.length === 0 ? ['postgresql'] : [], s3 };
}
