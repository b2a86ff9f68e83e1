import type { Problem } from '../problem.ts';
import type { WrittenEnvironments } from '../generated/environments.types.ts';
import { validate } from '../generated/environments.validate.ts';
import { checkShape, type EnvironmentVariables } from '../yaml/shape.ts';
import type { MayBeOpen, Open } from '../yaml/open.ts';
import type { Source } from '../yaml/source.ts';
import { readYaml, type YamlDocument } from '../yaml/yaml-document.ts';
import type { DeclaredBucket } from './bucket.ts';
import type { DeclaredEnvironment } from './environment.ts';
import { checkBucket } from './check-buckets.ts';
import { connectBucket } from './bucket-connection.ts';
import { normaliseBucket, ownConnection } from './normalise-bucket.ts';
import { normaliseEnvironment } from './normalise-environment.ts';
import { checkAlerts } from './channel/kinds.ts';

/** The file of environments and buckets, as far as it could be understood. */
export interface EnvironmentsFile {
  /** Absent when there is no such file or it is no YAML. */
  readonly document?: YamlDocument;
  readonly environments: ReadonlyMap<string, DeclaredEnvironment>;
  readonly buckets: ReadonlyMap<string, DeclaredBucket>;
  /** Variables without which an environment cannot be used, of all environments. */
  readonly missing: readonly Open[];
  readonly problems: readonly Problem[];
}

/** Parses and checks the environments' file; every mistake becomes a problem. Pure. */
export function parseEnvironments(source: Source, variables: EnvironmentVariables): EnvironmentsFile {
  const { document, problems } = readYaml(source);
  if (document === undefined) return nothing(problems);
  const shape = checkShape(document, document.value, validate, { variables });
  const written = shape.value as Partial<MayBeOpen<WrittenEnvironments>>;
  const environments = new Map(
    entriesOf(written.environments).map(
      ([name, environment]) => [name, normaliseEnvironment(name, environment, document)] as const,
    ),
  );
  const checked = entriesOf(written.buckets).map(([name, bucket]) => {
    const connection = connectBucket(name, ownConnection(name, bucket, document), environments.values());
    return { bucket: normaliseBucket(name, bucket, connection, document), connection, environments };
  });
  return {
    document,
    environments,
    buckets: new Map(checked.map(({ bucket }) => [bucket.name, bucket])),
    missing: shape.missing,
    problems: [
      ...shape.problems,
      ...entriesOf(written.environments).flatMap(([name, { alerts }]) =>
        alerts === undefined ? [] : checkAlerts(name, alerts, document),
      ),
      ...checked.flatMap((each) => checkBucket(each, document)),
    ],
  };
}

/** An environments' file that says nothing. */
export function nothing(problems: readonly Problem[]): EnvironmentsFile {
  return { environments: new Map(), buckets: new Map(), missing: [], problems };
}

function entriesOf<T>(
  record: Readonly<Record<string, T | undefined>> | undefined,
): readonly (readonly [string, T])[] {
  return Object.entries(record ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
}
