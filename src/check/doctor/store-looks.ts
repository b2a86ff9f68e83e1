import { defined } from '../../base/defined.ts';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { skewOf } from '../../artifact/uploads-instant.ts';
import type { Environment, RepositorySettings, S3Location } from '../../language/environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import { readStoreClock } from '../../s3/bucket.ts';
import { openS3, urlOf, type S3, type S3Limits } from '../../s3/client.ts';
import { listObjects } from '../../s3/listing.ts';
import { trialUpload } from '../../s3/object.ts';
import { attributesOf } from '../../s3/upload.ts';
import { readVersioning } from '../../uploads/uploads-store.ts';
import { clockFinding } from './clock-skew.ts';
import { fine, warning, type Check } from '../check.ts';
import { spaceCheck } from '../space.ts';
import type { Look } from './look.ts';
import type { Instruments } from './patient.ts';

const limits: S3Limits = {
  connectionMs: 5_000,
  idleMs: 10_000,
  requestMs: 15_000,
  smallMs: 15_000,
  patienceMs: 1_000,
};

/** Where artifacts and uploads lie: whether they can be reached, read, and so far as asked written. */
export function storeLooks(
  subject: string,
  { repository, uploads }: Environment,
  instruments: Instruments,
): readonly Look[] {
  const look = (what: string, store: RepositorySettings['store'], take: StoreLook): Look => ({
    subject,
    what,
    take: (signal) =>
      store.kind === 'folder'
        ? folderFindings(what, store.folder)
        : withStore(store.s3, instruments, (opened) => take(what, opened, instruments, signal)),
  });
  return [
    ...(repository === undefined ? [] : [look('repository', repository.store, repositoryFindings)]),
    ...(uploads === undefined ? [] : [look('uploads', uploads.store, uploadsFindings)]),
  ];
}

type StoreLook = (
  what: string,
  store: S3,
  instruments: Instruments,
  signal: AbortSignal,
) => Promise<readonly Check[]>;

async function withStore<Result>(
  location: S3Location,
  { secrets }: Instruments,
  use: (store: S3) => Promise<Result>,
): Promise<Result> {
  const store = await openS3(location, secrets, { limits });
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

async function repositoryFindings(
  what: string,
  store: S3,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const isEmpty = (await listObjects(store, '', signal).next()).done === true;
  const clock = await clockOf(what, store, instruments, signal);
  const found = `${urlOf(store.location)} answers and can be listed${isEmpty ? '; it is empty' : ''}`;
  return [fine(what, found), clock, ...(instruments.fresh ? [await trialFinding(what, store)] : [])];
}

/** An upload that every store refuses for its checksum, once it has found that these keys may upload: nothing is stored. */
async function trialFinding(what: string, store: S3): Promise<Check> {
  const answer = await trialUpload(store, attributesOf(store, {}));
  const subject = `uploads to the ${what}`;
  if (['BadDigest', 'InvalidDigest'].includes(answer)) return fine(subject, 'would be taken');
  if (answer === 'stored')
    return warning(
      subject,
      'are taken, also with a wrong checksum (it was removed again)',
      'this store does not look at Content-MD5: only artifact-verify sees what was damaged on the way',
    );
  return {
    what: subject,
    state: 'fail',
    found: `are refused: ${answer}`,
    hint: `allow s3:PutObject and s3:AbortMultipartUpload below ${urlOf(store.location)} to these keys`,
  };
}

async function uploadsFindings(
  what: string,
  store: S3,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const versioning = await readVersioning(store, signal);
  const clock = await clockOf(what, store, instruments, signal);
  const url = urlOf(store.location);
  if (versioning === 'enabled') return [fine(what, `${url} answers and keeps versions`), clock];
  const state = versioning === 'never' ? 'keeps no versions' : 'has stopped to keep versions';
  const hint = `say versioning: true under buckets: ${store.location.bucket} and run run-plan apply; until then what is overwritten or deleted cannot be brought back`;
  return [warning(what, `${url} answers and ${state}`, hint), clock];
}

async function clockOf(what: string, store: S3, { clock }: Instruments, signal: AbortSignal): Promise<Check> {
  const askedMs = clock.now().getTime();
  const time = await readStoreClock(store, signal);
  return clockFinding(`clock of the ${what}`, skewOf(time, askedMs, clock.now().getTime()));
}

/** Asked of the system alone: nothing is written. */
async function folderFindings(what: string, folder: string): Promise<readonly Check[]> {
  const { R_OK, W_OK, X_OK } = constants;
  try {
    const isThere = (await stat(folder).catch(() => undefined)) !== undefined;
    // A repository's folder is made by the first artifact; that of uploads is somebody's.
    if (!isThere && what === 'repository') await access(dirname(folder), W_OK | X_OK);
    else await access(folder, R_OK | X_OK | (what === 'repository' ? W_OK : 0));
    const { state, found, hint } = await spaceCheck(what, folder);
    const seen = isThere ? '' : 'not there yet: the first artifact makes it; ';
    return [{ what, state, found: `${seen}${found}`, ...defined({ hint }) }];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure('repository-denied', `${folder} cannot be used: ${code ?? message}`, {
      hint: 'the user that runs plans must be able to enter, read and, for artifacts, write it',
      cause: error,
    });
  }
}
