import { defined } from '../base/defined.ts';
import type { S3Location } from '../language/environment/environment.ts';
import { askedPauseMs } from '../base/http/request.ts';
import { headersOfSdk, namesOfSdk, statusOfSdk } from '../base/sdk-error.ts';
import { Failure, type FailureCode, type FailureFields } from '../base/failure.ts';
import { brokenAnswer, foreignAnswer } from './answer.ts';
import { urlOf } from './client.ts';

interface Meaning {
  readonly code: FailureCode;
  readonly what: string;
  readonly hint: string;
}

const wrongRegion: Meaning = {
  code: 'repository-missing',
  what: 'the bucket is in another region',
  hint: "Set the repository's region to the bucket's own.",
};
const wrongKeys: Meaning = {
  code: 'repository-denied',
  what: 'the store does not accept the access keys',
  hint: 'Check the access key id and the secret access key: mistyped, expired, or of another store.',
};
const expired: Meaning = {
  code: 'repository-denied',
  what: 'the session of the access keys has ended',
  hint: 'Get new session credentials (AWS_SESSION_TOKEN), or give this host a role, whose credentials are renewed.',
};
const noCredentials: Meaning = {
  code: 'repository-denied',
  what: 'no credentials were found',
  hint: 'Set access-key-id and secret-access-key of the repository, or give this host a role or the AWS_ variables.',
};
const denied: Meaning = {
  code: 'repository-denied',
  what: 'access is denied',
  hint: 'The policy of these keys must allow s3:ListBucket, s3:GetObject, s3:PutObject and s3:AbortMultipartUpload here, and s3:DeleteObject to prune.',
};
const unknownHost: Meaning = {
  code: 'repository-unreachable',
  what: 'its host name is not known',
  hint: 'Check the endpoint and the name resolution of this host; a store of your own mostly needs force-path-style: true.',
};
const untrusted: Meaning = {
  code: 'repository-unreachable',
  what: 'its TLS certificate is not trusted',
  hint: "Check the endpoint's host name; for a private authority set NODE_EXTRA_CA_CERTS to its certificate.",
};
const silent: Meaning = {
  code: 'repository-unreachable',
  what: 'it does not answer in time',
  hint: 'Check the endpoint and the network; a firewall that drops packets looks like this.',
};
const cut: Meaning = {
  code: 'repository-unreachable',
  what: 'the connection broke',
  hint: 'Check the network and the store; one that is restarted breaks its connections.',
};
const overloaded: Meaning = {
  code: 'repository-unreachable',
  what: 'it is overloaded or failing',
  hint: 'Try again later; the store or a proxy before it says what is wrong.',
};
const tooMany: Meaning = {
  code: 'repository-unreachable',
  what: 'it is overloaded and asks for fewer requests',
  hint: 'Try again later, do less at a time, or ask for a higher limit.',
};
const noBucket: Meaning = {
  code: 'repository-missing',
  what: 'there is no such bucket',
  hint: 'Check the name and the endpoint, or describe the bucket under buckets: with create: true and run run-plan apply.',
};
const noObject: Meaning = {
  code: 'repository-missing',
  what: 'there is no such object',
  hint: 'It may have been removed, or expired by a lifecycle rule of the bucket.',
};

/** What answers does not even speak HTTP. */
const noHttp = 'NoHttp';

/** By the error's `name`, `code`, or HTTP status. */
const meanings: Readonly<Record<string, Meaning>> = {
  [foreignAnswer]: {
    code: 'repository-unreachable',
    what: 'a web page came back and not an answer of the store',
    hint: 'A proxy, a load balancer or the login page of a network answers there: check the endpoint and the way to it.',
  },
  [brokenAnswer]: {
    code: 'repository-read',
    what: 'its answer is cut off or damaged',
    hint: 'Check the network and what stands before the store; nothing was taken from the answer.',
  },
  [noHttp]: {
    code: 'repository-unreachable',
    what: 'what answers there does not speak HTTP',
    hint: 'Check the port of the endpoint, and whether it must be https://.',
  },
  NoSuchBucket: noBucket,
  InvalidBucketName: {
    code: 'repository-missing',
    what: 'this is no name for a bucket',
    hint: 'Bucket names have 3 to 63 lower case letters, digits, dots and hyphens.',
  },
  NoSuchKey: noObject,
  NoSuchVersion: noObject,
  InvalidObjectState: {
    code: 'repository-read',
    what: 'it lies in a storage class that must be restored first',
    hint: 'Restore it from the archive class (aws s3api restore-object), then try again.',
  },
  AccessDenied: denied,
  Forbidden: denied,
  AllAccessDisabled: denied,
  InvalidAccessKeyId: wrongKeys,
  SignatureDoesNotMatch: wrongKeys,
  InvalidToken: wrongKeys,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  CredentialsProviderError: noCredentials,
  RequestTimeTooSkewed: {
    code: 'repository-denied',
    what: "this host's clock and the store's differ by more than 15 minutes",
    hint: 'Set the clock (timedatectl, chrony): signatures carry the time.',
  },
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  '301': wrongRegion,
  QuotaExceeded: {
    code: 'repository-write',
    what: 'the quota is used up',
    hint: 'Raise the quota of the bucket or its owner, or prune.',
  },
  XMinioStorageFull: {
    code: 'repository-write',
    what: 'no space is left there',
    hint: 'Give the store more disks, or prune.',
  },
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ECONNREFUSED: {
    code: 'repository-unreachable',
    what: 'the connection is refused',
    hint: 'Check the endpoint and its port, and that the store runs.',
  },
  EHOSTUNREACH: silent,
  ENETUNREACH: silent,
  ETIMEDOUT: silent,
  TimeoutError: silent,
  ECONNRESET: cut,
  EPIPE: cut,
  ECONNABORTED: cut,
  ERR_STREAM_PREMATURE_CLOSE: cut,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted,
  EPROTO: {
    ...untrusted,
    what: 'it does not speak TLS as expected',
    hint: 'Check https:// or http:// in the endpoint, and the port.',
  },
  SlowDown: tooMany,
  Throttling: tooMany,
  ThrottlingException: tooMany,
  RequestLimitExceeded: tooMany,
  TooManyRequests: tooMany,
  TooManyRequestsException: tooMany,
  '429': tooMany,
  ServiceUnavailable: overloaded,
  InternalError: overloaded,
  '500': overloaded,
  '502': overloaded,
  '503': overloaded,
  '504': overloaded,
  // A HEAD has no body: mistyped keys are answered so as well.
  '403': { ...denied, hint: `Check the access keys for a slip; if they are right: ${denied.hint}` },
};

/** What a request is about, as messages name it. */
export interface Asked {
  readonly action: 'read' | 'list' | 'store' | 'remove';
  /** Below the location's prefix. */
  readonly key?: string;
  /** `the lifecycle`: a part of the bucket itself. */
  readonly what?: string;
  /** What the keys must be allowed, where the usual hint does not say so. */
  readonly permission?: string;
}

/**
 * A `Failure` for what a request threw, with the answer's fields: what happened, where, and what to do. `told` says how
 * often it was tried. A `Failure` passes through.
 */
export function s3Failure(error: unknown, asked: Asked, location: S3Location, told = ''): Failure {
  if (error instanceof Failure) return error;
  const names = namesOf(error);
  const where = urlOf(location, asked.key);
  const fields = fieldsOf(error, names, where, asked.key === undefined && asked.what === undefined);
  const { code, what, hint } = meaningOf(error, names, asked, location);
  const said = saidBy(error);
  const [given = ''] = names;
  const name = given === 'Unknown' ? `status ${fields.httpStatus ?? '?'}` : given;
  const detail = said === '' || said === 'UnknownError' ? name : `${name}: ${said}`;
  // A setting that may not be read, or that the store does not have, needs no more words.
  const isPlain = asked.what !== undefined && (what === denied.what || what === lacks.what);
  const reason = what === undefined ? `${said}${told}` : isPlain ? what : `${what} (${detail})${told}`;
  return new Failure(code, `Cannot ${subjectOf(asked, location)}: ${reason}`, {
    // The message names the bucket already.
    ...(asked.what === undefined && { where }),
    cause: error,
    fields,
    ...defined({ hint }),
  });
}

function fieldsOf(
  error: unknown,
  names: readonly string[],
  object: string,
  isBucket: boolean,
): FailureFields {
  // The status of a page says nothing about what was asked for.
  const httpStatus = names.includes(foreignAnswer) ? undefined : statusOfSdk(error);
  const isNameless = httpStatus === 404 && isBucket && knownBy(names) === undefined;
  const errorName = isNameless
    ? 'NoSuchBucket'
    : names.find((name) => name !== 'Error' && name !== 'AggregateError');
  return {
    object,
    ...defined({ httpStatus, errorName }),
  };
}

function subjectOf({ action, what, key }: Asked, location: S3Location): string {
  const at = location.endpoint === undefined ? '' : ` at ${location.endpoint}`;
  if (what === undefined) return `${action} ${urlOf(location, key)}${at}`;
  return `${action === 'store' ? 'write' : action} ${what} of bucket ${location.bucket}${at}`;
}

function meaningOf(
  error: unknown,
  names: readonly string[],
  { action, key, what, permission }: Asked,
  location: S3Location,
): { readonly code: FailureCode; readonly what?: string; readonly hint?: string } {
  const region = otherRegion(error, location);
  if (region !== undefined) return { ...wrongRegion, what: `the bucket is in another region, ${region}` };
  if (what !== undefined && names.some((name) => unknownCalls.has(name))) return lacks;
  const meaning = knownBy(names);
  if (meaning?.what === denied.what && permission !== undefined)
    return {
      ...denied,
      hint: `allow ${permission} to ${what === undefined ? 'these' : "the bucket's"} access keys${what === undefined ? '' : ', or give the bucket access-key-id and secret-access-key of its own'}`,
    };
  if (meaning !== undefined) return meaning;
  // A HEAD has no body to name the error in.
  if (statusOfSdk(error) === 404) return key === undefined ? noBucket : noObject;
  if (saidBy(error).startsWith('Region is missing'))
    return { code: 'environment-incomplete', hint: "Set the repository's region, or AWS_REGION." };
  return { code: action === 'store' || action === 'remove' ? 'repository-write' : 'repository-read' };
}

/** Names and statuses of answers that mean: this store does not do that. */
const unknownCalls: ReadonlySet<string> = new Set(['NotImplemented', 'MethodNotAllowed', '501', '405']);

const lacks: Meaning = {
  code: 'store-lacks',
  what: 'the store does not do that',
  hint: 'leave the setting out of the YAML, or use a store that has it',
};

/**
 * As `namesOfSdk`, with names for what has none: an answer that the SDK's parser cannot read, and one that is no HTTP. The
 * SDK calls a connection that broke a timeout; its code knows better.
 */
function namesOf(error: unknown): readonly string[] {
  const names = namesOfSdk(error);
  if (names.some((name) => name.startsWith('HPE_'))) return [noHttp, ...names];
  const isAnswer = (statusOfSdk(error) ?? 200) < 300;
  if (isAnswer && error instanceof Error && '$responseBodyText' in error) return [brokenAnswer, ...names];
  const isBroken = names[0] === 'TimeoutError' && names.some((name) => meanings[name] === cut);
  return isBroken ? names.slice(1) : names;
}

function knownBy(names: readonly string[]): Meaning | undefined {
  return names.map((name) => meanings[name]).find((known) => known !== undefined);
}

/** A redirect, or a refusal of Amazon's that says where the bucket is. */
function otherRegion(error: unknown, { region = 'us-east-1' }: S3Location): string | undefined {
  const [status, told] = [statusOfSdk(error), headersOfSdk(error)['x-amz-bucket-region']];
  if (told === undefined || told === region) return undefined;
  return status === 301 || status === 307 || status === 400 ? told : undefined;
}

/** Without what the SDK adds for its own developers. */
function saidBy(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return said.split('\n  Deserialization error')[0] ?? said;
}

/** In a few words, for a wait: `the connection is refused`. */
export function reasonOf(error: unknown): string {
  const names = namesOf(error);
  return knownBy(names)?.what ?? names.find((name) => name !== 'Error') ?? saidBy(error);
}

/** What passes by itself: a store that is restarted, overloaded or asks for less, and a network that breaks. */
const passing: ReadonlySet<string> = new Set([
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
  'RequestTimeout',
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequests',
  'TooManyRequestsException',
  'TimeoutError',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ERR_STREAM_PREMATURE_CLOSE',
  '408',
  '429',
  '500',
  '502',
  '503',
  '504',
]);

/** Tries of what may be as damaged the next time. */
const triesOfBroken = 4;

/** How often a request that failed so may be tried in all, and not before how many milliseconds. */
export function chanceOf(
  error: unknown,
  now: Date,
): { readonly mostTries: number; readonly afterMs: number } {
  const names = namesOf(error);
  const afterMs = askedPauseMs(new Headers(headersOfSdk(error)), now) ?? 0;
  if (names.some((name) => passing.has(name))) return { mostTries: Infinity, afterMs };
  if (names.includes(brokenAnswer)) return { mostTries: triesOfBroken, afterMs };
  // The SDK has learned the store's time from the refusal, and signs the next request by it.
  if (names.includes('RequestTimeTooSkewed')) return { mostTries: 2, afterMs: 0 };
  return { mostTries: 1, afterMs: 0 };
}

/** Whether a store asks to be sent less. */
export function isTooMuch(error: unknown): boolean {
  const names =
    error instanceof Failure ? [error.fields.errorName, String(error.fields.httpStatus)] : namesOf(error);
  return names.some(
    (name) => name === 'ServiceUnavailable' || name === '503' || meanings[name ?? ''] === tooMany,
  );
}

/** HTTP status of the answer that a failure came with. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Failure ? error.fields.httpStatus : undefined;
}

/** Whether a request about a bucket as a whole found none; a HEAD has no body to name it in. */
export function isBucketMissing(error: unknown): boolean {
  return error instanceof Failure && error.fields.errorName === 'NoSuchBucket';
}

/** Whether what was asked failed by one of these names of the store's. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Failure && names.includes(error.fields.errorName ?? '');
}
