import { defined } from '../../base/defined.ts';
import { defaults } from '../generated/environments.defaults.ts';
import type {
  WrittenEnvironment,
  WrittenPostgres,
  WrittenRepository,
  WrittenRepositoryBucket,
  WrittenUploads,
  WrittenUploadsBucket,
} from '../generated/environments.types.ts';
import { positionOf, type Path, type YamlDocument } from '../yaml/yaml-document.ts';
import { Open, type MayBeOpen } from '../yaml/open.ts';
import type { SecretReference } from '../secret-reference.ts';
import { readReference, type WrittenReference } from '../written-reference.ts';
import { normaliseAlerts } from './channel/kinds.ts';
import type {
  DeclaredEnvironment,
  PostgresEndpoint,
  RepositorySettings,
  S3Location,
  UploadsSettings,
} from './environment.ts';

const { environments: usual } = defaults;

/** What an environment is written in, for the positions of its secrets. */
interface Written {
  readonly document: YamlDocument;
  readonly path: Path;
}

/**
 * An environment with its defaults, frozen. Where the file has problems, required settings may be missing here; they
 * become empty texts, which nothing uses, because a plan with problems does not run.
 */
export function normaliseEnvironment(
  name: string,
  written: MayBeOpen<WrittenEnvironment>,
  document: YamlDocument,
): DeclaredEnvironment {
  const at = (...keys: string[]): Written => ({ document, path: ['environments', name, ...keys] });
  const { postgres, repository, uploads, alerts } = written;
  return Object.freeze({
    name,
    ...defined({ owner: written.owner }),
    protected: written.protected ?? usual.protected,
    // A throw-away cluster has no endpoint until a run starts it.
    ...(isSaid(postgres?.ephemeral) && { ephemeral: postgres.ephemeral }),
    ...(postgres !== undefined &&
      !isSaid(postgres.ephemeral) && { postgres: endpoint(postgres, at('postgres')) }),
    ...(repository !== undefined && { repository: repositorySettings(repository, at('repository')) }),
    ...(uploads !== undefined && { uploads: uploadsSettings(uploads, at('uploads')) }),
    ...(alerts !== undefined && { alerts: normaliseAlerts(name, alerts, document) }),
  });
}

function isSaid(value: boolean | Open | undefined): value is true | Open {
  return value === true || value instanceof Open;
}

function endpoint(written: MayBeOpen<WrittenPostgres>, at: Written): MayBeOpen<PostgresEndpoint> {
  const { host, port, database, user, password, sslmode, sslrootcert } = written;
  return {
    host: orEmpty(host),
    port: port ?? usual.postgres.port,
    database: orEmpty(database),
    user: orEmpty(user),
    ...(password !== undefined && { password: secret(password, at, 'password') }),
    sslmode: sslmode ?? usual.postgres.sslmode,
    ...defined({ sslrootcert }),
  };
}

function repositorySettings(
  written: MayBeOpen<WrittenRepository>,
  at: Written,
): MayBeOpen<RepositorySettings> {
  const { encrypt } = written;
  const encryptAt = { ...at, path: [...at.path, 'encrypt'] };
  return {
    store: store(written, at),
    ...(encrypt !== undefined && {
      encrypt: {
        recipients: recipients(encrypt),
        ...(encrypt.identity !== undefined && { identity: secret(encrypt.identity, encryptAt, 'identity') }),
      },
    }),
  };
}

/** What the schema requires and a file with problems may lack. */
function orEmpty(text: string | Open | undefined): string | Open {
  return text ?? '';
}

/** Items that did not fit the schema were emptied before. */
function recipients({
  age = [],
}: {
  readonly age?: readonly (string | Open | null)[];
}): readonly (string | Open)[] {
  return age.filter((recipient) => recipient !== null);
}

function uploadsSettings(written: MayBeOpen<WrittenUploads>, at: Written): MayBeOpen<UploadsSettings> {
  return {
    store: store(written, at),
    ...defined({ references: written.references }),
  };
}

function store(
  written: MayBeOpen<WrittenRepository | WrittenUploads>,
  at: Written,
): MayBeOpen<RepositorySettings['store']> {
  if (written.s3 === undefined) return { kind: 'folder', folder: written.folder ?? '' };
  return { kind: 's3', s3: location(written.s3, { ...at, path: [...at.path, 's3'] }) };
}

function location(
  written: MayBeOpen<WrittenRepositoryBucket | WrittenUploadsBucket>,
  at: Written,
): MayBeOpen<S3Location> {
  const { region, endpoint: address } = written;
  const id = written['access-key-id'];
  const key = written['secret-access-key'];
  const encryption = 'encryption' in written ? written.encryption : undefined;
  const storageClass = 'storage-class' in written ? written['storage-class'] : undefined;
  return {
    bucket: orEmpty(written.bucket),
    prefix: written.prefix ?? usual.repository.s3.prefix,
    ...defined({ region, endpoint: address }),
    forcePathStyle: written['force-path-style'] ?? usual.repository.s3['force-path-style'],
    ...(id !== undefined && { accessKeyId: secret(id, at, 'access-key-id') }),
    ...(key !== undefined && { secretAccessKey: secret(key, at, 'secret-access-key') }),
    ...defined({ encryption, storageClass }),
  };
}

function secret(written: MayBeOpen<WrittenReference>, at: Written, key: string): SecretReference {
  return readReference(written, positionOf(at.document, [...at.path, key]));
}
