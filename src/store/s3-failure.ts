import type { S3Location } from '../language/environment/environment.ts';
import { Failure, type FailureCode } from '../base/failure.ts';
import { urlOf } from './s3-client.ts';

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
  what: 'the connection broke again and again',
  hint: 'Check the network and the store.',
};
const overloaded: Meaning = {
  code: 'repository-unreachable',
  what: 'it is overloaded or failing, also after retries',
  hint: 'Try again later; the store or a proxy before it says what is wrong.',
};

/** By the error's `name`, `code`, or HTTP status. */
const meanings: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: {
    code: 'repository-missing',
    what: 'there is no such bucket',
    hint: 'Check the name and the endpoint, or describe the bucket under buckets: with create: true and run run-plan apply.',
  },
  InvalidBucketName: {
    code: 'repository-missing',
    what: 'this is no name for a bucket',
    hint: 'Bucket names have 3 to 63 lower case letters, digits, dots and hyphens.',
  },
  NoSuchKey: {
    code: 'repository-missing',
    what: 'there is no such object',
    hint: 'It may have been removed, or expired by a lifecycle rule of the bucket.',
  },
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
  ExpiredToken: wrongKeys,
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
  SlowDown: overloaded,
  ServiceUnavailable: overloaded,
  InternalError: overloaded,
  '500': overloaded,
  '502': overloaded,
  '503': overloaded,
  '504': overloaded,
  '403': denied,
};

export type S3Action = 'read' | 'list' | 'store' | 'remove';

/** A `Failure` for what a request threw, naming bucket, key and endpoint; a `Failure` passes through. */
export function s3Failure(error: unknown, action: S3Action, location: S3Location, key?: string): Failure {
  if (error instanceof Failure) return error;
  const names = namesOf(error);
  const meaning = names.map((name) => meanings[name]).find((known) => known !== undefined);
  const said = error instanceof Error ? error.message : String(error);
  const where = urlOf(location, key);
  const at = location.endpoint === undefined ? '' : ` at ${location.endpoint}`;
  if (meaning === undefined) {
    const code = action === 'store' || action === 'remove' ? 'repository-write' : 'repository-read';
    const region = said.startsWith('Region is missing');
    return new Failure(region ? 'environment-incomplete' : code, `Cannot ${action} ${where}${at}: ${said}`, {
      where,
      cause: error,
      ...(region && { hint: "Set the repository's region, or AWS_REGION." }),
    });
  }
  const detail = said === '' || said === 'UnknownError' ? (names[0] ?? '') : `${names[0] ?? ''}: ${said}`;
  return new Failure(meaning.code, `Cannot ${action} ${where}${at}: ${meaning.what} (${detail})`, {
    where,
    cause: error,
    hint: meaning.hint,
  });
}

/** HTTP status of the answer that an error came with. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/** All that an error is called, the most particular first: its name, its code, those of its causes, its HTTP status. */
export function namesOf(error: unknown): readonly string[] {
  const names: string[] = [];
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 4; depth += 1) {
    names.push(current.name);
    if ('code' in current && typeof current.code === 'string') names.push(current.code);
    if (current instanceof AggregateError)
      names.push(...current.errors.flatMap((inner: unknown) => namesOf(inner)));
    current = current.cause;
  }
  const status = statusOf(error);
  return status === undefined ? names : [...names, String(status)];
}
