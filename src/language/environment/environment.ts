import type { SecretReference } from '../secret-reference.ts';
import type { MayBeOpen } from '../yaml/open.ts';
import type { AlertChannel } from './channel/kinds.ts';

/** Where a Postgres database answers. The password stays a reference until a process needs it. */
export interface PostgresEndpoint {
  /** Host name, address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: SecretReference;
  readonly sslmode: SslMode;
  /** Path of the CA certificate for `verify-ca` and `verify-full`. */
  readonly sslrootcert?: string;
}

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface S3Location {
  readonly bucket: string;
  /** Without a leading or trailing slash; empty for the whole bucket. */
  readonly prefix: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly forcePathStyle: boolean;
  /** Absent: the SDK's usual chain (environment, profile, instance role). */
  readonly accessKeyId?: SecretReference;
  readonly secretAccessKey?: SecretReference;
  /** Server-side encryption asked for with each upload; absent: the bucket's default. */
  readonly encryption?: { readonly algorithm: 'AES256' | 'aws:kms'; readonly key?: string };
  readonly storageClass?: string;
}

/** Client-side encryption. Without `identity` this host can write artifacts and not read their contents. */
export interface AgeEncryption {
  readonly recipients: readonly string[];
  readonly identity?: SecretReference;
}

export interface RepositorySettings {
  readonly store:
    { readonly kind: 's3'; readonly s3: S3Location } | { readonly kind: 'folder'; readonly folder: string };
  readonly encrypt?: AgeEncryption;
}

/** Where the files lie that the database's rows name. */
export interface UploadsSettings {
  readonly store: RepositorySettings['store'];
  /** SQL that lists every object that the database names, as `key` and `size_bytes`. */
  readonly references?: string;
}

/** An environment as it was written: any of its values may be open. `resolveEnvironment` makes an `Environment` of it. */
export type DeclaredEnvironment = Omit<MayBeOpen<Environment>, 'name'> & Pick<Environment, 'name'>;

/** A named set of endpoints, every value known here and now, every secret still a reference. Frozen. */
export interface Environment {
  readonly name: string;
  readonly owner?: string;
  readonly protected: boolean;
  /** Absent for an ephemeral one until a step of the run has restored something. */
  readonly postgres?: PostgresEndpoint;
  /** Its Postgres is a throw-away cluster of this host's own, started for the run. */
  readonly ephemeral?: true;
  readonly repository?: RepositorySettings;
  readonly uploads?: UploadsSettings;
  /** Who is told how a run went. */
  readonly alerts?: readonly AlertChannel[];
}
