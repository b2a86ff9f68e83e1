import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasImage, pullImage } from './engine.ts';
import { buildLocalImage, localImageName, type Recipe, type Say } from './local-images.ts';

/** An image that is here, and how it was had. */
export interface Image {
  readonly name: string;
  readonly reason: string;
  /** Built here, from a recipe of these tests. */
  readonly isLocal: boolean;
}

/** The S3 of a run, and Ceph's gateway for tests that want one to their measure: often the same. */
export interface S3Images {
  readonly s3: Image;
  readonly gateway: Image;
}

/** MinIO's last image with a full server. */
const minioImage = 'minio/minio:RELEASE.2025-09-07T16-13-09Z';

/** Releases of Debian by the major of Postgres that each has, the newest first. */
const suites: readonly { readonly major: number; readonly suite: string }[] = [
  { major: 17, suite: 'trixie' },
  { major: 15, suite: 'bookworm' },
  { major: 13, suite: 'bullseye' },
];
const newestMajor = 17;

/** Ceph 16 on every host, because tests know its quirks. */
const gatewayRecipe: Recipe = {
  name: 'ceph',
  suite: 'bookworm',
  version: '16',
  arguments: {},
  files: ['images/ceph-entry.sh', 'ceph-rgw-up.sh'],
};

/**
 * Postgres's own image, of the major of this host's pg_dump, because a dump needs a client that is not older. Where it
 * cannot be pulled, one of Debian's packages. `TEST_POSTGRES_IMAGE` names another one.
 */
export async function havePostgresImage(say: Say): Promise<Image> {
  const named = process.env['TEST_POSTGRES_IMAGE'];
  if (named !== undefined) return { name: named, reason: 'TEST_POSTGRES_IMAGE', isLocal: false };
  const major = (await clientMajor()) ?? newestMajor;
  const release = suites.find((each) => each.major <= major);
  return haveImage(`postgres:${major}`, release && postgresRecipe(release), say);
}

/** MinIO's image, or Ceph's gateway where that cannot be pulled. `TEST_S3_IMAGE` names another image of MinIO. */
export async function haveS3Images(say: Say): Promise<S3Images> {
  const named = process.env['TEST_S3_IMAGE'];
  const s3 =
    named === undefined
      ? await haveImage(minioImage, gatewayRecipe, say)
      : { name: named, reason: 'TEST_S3_IMAGE', isLocal: false };
  const gateway = s3.isLocal ? s3 : await haveImage(undefined, gatewayRecipe, say);
  return { s3, gateway };
}

function postgresRecipe({ major, suite }: (typeof suites)[number]): Recipe {
  return {
    name: 'postgres',
    suite,
    version: String(major),
    arguments: { MAJOR: String(major) },
    files: ['images/postgres-entry.sh'],
  };
}

/** Takes what is here before it asks a registry: a run after the first one waits for nothing. */
async function haveImage(
  publicName: string | undefined,
  recipe: Recipe | undefined,
  say: Say,
): Promise<Image> {
  if (publicName !== undefined && (await hasImage(publicName)))
    return { name: publicName, reason: 'it is here', isLocal: false };
  const localName = recipe && (await localImageName(recipe));
  if (localName !== undefined && (await hasImage(localName)))
    return { name: localName, reason: 'built here before', isLocal: true };
  const problem = publicName === undefined ? undefined : await pull(publicName, say);
  if (publicName !== undefined && problem === undefined)
    return { name: publicName, reason: 'pulled', isLocal: false };
  const lack = publicName === undefined ? '' : `${publicName} cannot be pulled (${problem ?? ''})`;
  if (recipe === undefined || localName === undefined) throw new Error(`${lack}, and no Debian has its like`);
  await buildLocalImage(recipe, say).catch((error: unknown) => {
    throw new Error([lack, `${localName} cannot be built`].filter(Boolean).join(', and '), {
      cause: error,
    });
  });
  return { name: localName, reason: ['built here', lack].filter(Boolean).join(': '), isLocal: true };
}

async function pull(name: string, say: Say): Promise<string | undefined> {
  say(`pulling the image ${name}`);
  const problem = await pullImage(name);
  if (problem !== undefined) say(`it cannot be pulled (${problem})`);
  return problem;
}

async function clientMajor(): Promise<number | undefined> {
  const shown = await promisify(execFile)('pg_dump', ['--version']).catch(() => undefined);
  return shown === undefined ? undefined : majorOf(shown.stdout);
}

/** The major in what a program of Postgres says of its version. */
export function majorOf(version: string): number | undefined {
  const major = /\(PostgreSQL\) (\d+)/.exec(version)?.[1];
  return major === undefined ? undefined : Number(major);
}
