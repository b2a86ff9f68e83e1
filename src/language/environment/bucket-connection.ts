import { defined } from '../../base/defined.ts';
import { isDeepStrictEqual } from 'node:util';
import { defaults } from '../generated/environments.defaults.ts';
import { Open, type MayBeOpen } from '../yaml/open.ts';
import type { DeclaredEnvironment, S3Location } from './environment.ts';

/** What a bucket says of its own connection. */
export type OwnConnection = MayBeOpen<
  Partial<Pick<S3Location, 'region' | 'endpoint' | 'forcePathStyle' | 'accessKeyId' | 'secretAccessKey'>>
>;

/** How a bucket is reached, and which environments use it. */
export interface BucketConnection {
  readonly location: MayBeOpen<S3Location>;
  readonly usedBy: readonly string[];
  /** Two environments that would reach it in different ways, and the part in which they differ. */
  readonly contradiction?: { readonly names: readonly [string, string]; readonly part: 'address' | 'keys' };
}

/**
 * A bucket's connection: its own address and keys, each taken as a whole; what it does not say itself is that of the
 * environments whose repository or uploads name it; without either it is the SDK's usual chain, unless an environment may be
 * meant whose bucket is not known here: then its address is as open. Pure.
 */
export function connectBucket(
  bucket: string,
  own: OwnConnection,
  environments: Iterable<DeclaredEnvironment>,
): BucketConnection {
  const all = [...environments].flatMap(({ name, repository, uploads }) =>
    [repository?.store, uploads?.store].flatMap((store) =>
      store?.kind === 's3' ? [{ name, s3: store.s3 }] : [],
    ),
  );
  const users = all.filter(({ s3 }) => s3.bucket === bucket);
  const unknown = all.map(({ s3 }) => s3.bucket).find((each) => each instanceof Open);
  const ownAddress = addressOf(own);
  const ownKeys = keysOf(own);
  const isUnsaid = { address: !saysAnything(ownAddress), keys: !saysAnything(ownKeys) };
  const [first] = users;
  const address = isUnsaid.address ? addressOf(first?.s3 ?? defined({ endpoint: unknown })) : ownAddress;
  const keys = isUnsaid.keys ? keysOf(first?.s3 ?? {}) : ownKeys;
  const other = (part: 'address' | 'keys'): string | undefined =>
    isUnsaid[part] ? users.find(({ s3 }) => !isSame(part, s3, first?.s3 ?? {}))?.name : undefined;
  const [part, name] =
    other('address') === undefined
      ? ['keys' as const, other('keys')]
      : ['address' as const, other('address')];
  return {
    location: {
      bucket,
      prefix: '',
      forcePathStyle: defaults.buckets['force-path-style'],
      ...address,
      ...keys,
    },
    usedBy: [...new Set(users.map((user) => user.name))],
    ...(first !== undefined && name !== undefined && { contradiction: { names: [first.name, name], part } }),
  };
}

function addressOf({ region, endpoint, forcePathStyle }: OwnConnection): OwnConnection {
  return {
    ...defined({ region, endpoint, forcePathStyle }),
  };
}

function keysOf({ accessKeyId, secretAccessKey }: OwnConnection): OwnConnection {
  return {
    ...defined({ accessKeyId, secretAccessKey }),
  };
}

function saysAnything(part: OwnConnection): boolean {
  return Object.keys(part).length > 0;
}

function isSame(part: 'address' | 'keys', left: OwnConnection, right: OwnConnection): boolean {
  const partOf = part === 'address' ? addressOf : keysOf;
  return isDeepStrictEqual(withoutPositions(partOf(left)), withoutPositions(partOf(right)));
}

/** The same reference or variable written at two places is the same. */
function withoutPositions(connection: OwnConnection): unknown {
  return Object.entries(connection).map(([key, value]) => [
    key,
    value instanceof Open
      ? { variable: value.variable }
      : typeof value === 'object'
        ? { ...value, position: '' }
        : value,
  ]);
}
