// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * One recipient: an age public key or an ssh one.
 */
export type AgeRecipient = string;

/**
 * The environments that plans name, and the buckets that they use.
 */
export interface WrittenEnvironments {
  /**
   * Environments by name.
   */
  environments: {
    [k: string]: WrittenEnvironment | undefined;
  };
  /**
   * Buckets by name, as they are to be.
   */
  buckets?: {
    [k: string]: WrittenBucket | undefined;
  };
}
/**
 * A named set of endpoints and secret references.
 */
export interface WrittenEnvironment {
  /**
   * Who answers for it.
   */
  owner?: string;
  /**
   * Only a plan that says `writes:` with this name may change it, and only when confirmed.
   */
  protected?: boolean;
  postgres?: WrittenPostgres;
  repository?: WrittenRepository;
  uploads?: WrittenUploads;
  /**
   * Who is told how a run went.
   */
  alerts?: WrittenAlert[];
}
/**
 * The database.
 */
export interface WrittenPostgres {
  /**
   * Host name, address, or the folder of a Unix socket.
   */
  host?: string;
  /**
   * Port; 5432 unless said.
   */
  port?: number;
  /**
   * Name of the database.
   */
  database?: string;
  /**
   * Role that connects.
   */
  user?: string;
  /**
   * Its password; absent: peer, certificate or trust authentication.
   */
  password?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * As libpq has it; prefer unless said.
   */
  sslmode?: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /**
   * Path of the CA certificate, for verify-ca and verify-full.
   */
  sslrootcert?: string;
  /**
   * A throw-away cluster of this host's own Postgres, started for the run and gone after it.
   */
  ephemeral?: boolean;
}
/**
 * Where artifacts are kept.
 */
export interface WrittenRepository {
  s3?: WrittenRepositoryBucket;
  /**
   * A folder on this host or a mounted one.
   */
  folder?: string;
  /**
   * Client-side encryption, on top of the bucket's own.
   */
  encrypt?: {
    /**
     * age recipients; any one of their identities can decrypt.
     */
    age: AgeRecipient[];
    /**
     * The identity that decrypts, for hosts that verify contents or restore.
     */
    identity?: {
      /**
       * Name of the environment variable that holds it.
       */
      env?: string;
      /**
       * Path of a file that holds it; a trailing newline is cut.
       */
      file?: string;
      /**
       * A command whose standard output is the secret; a trailing newline is cut.
       */
      command?: string;
      /**
       * Name of a systemd credential (LoadCredential=) of the unit.
       */
      credential?: string;
    };
  };
}
/**
 * A bucket, or a part of one.
 */
export interface WrittenRepositoryBucket {
  /**
   * Name of the bucket.
   */
  bucket: string;
  /**
   * Start of every key, without slashes at its ends.
   */
  prefix?: string;
  /**
   * Region of the bucket.
   */
  region?: string;
  /**
   * Address of an S3-compatible store that is not Amazon's.
   */
  endpoint?: string;
  /**
   * Put the bucket into the path and not the host name, as most S3-compatible stores want it.
   */
  'force-path-style'?: boolean;
  /**
   * Key id; absent: the usual chain of environment, profile and instance role.
   */
  'access-key-id'?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Key; absent: the usual chain of environment, profile and instance role.
   */
  'secret-access-key'?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Server-side encryption asked for with each upload; absent: the bucket's default.
   */
  encryption?: {
    /**
     * AES256, or aws:kms with a key of yours.
     */
    algorithm: 'AES256' | 'aws:kms';
    /**
     * Key id or alias, for aws:kms.
     */
    key?: string;
  };
  /**
   * Storage class of new objects; the store's default unless said.
   */
  'storage-class'?:
    | 'STANDARD'
    | 'STANDARD_IA'
    | 'ONEZONE_IA'
    | 'INTELLIGENT_TIERING'
    | 'GLACIER_IR'
    | 'GLACIER'
    | 'DEEP_ARCHIVE';
}
/**
 * The bucket of files that the database's rows name.
 */
export interface WrittenUploads {
  s3?: WrittenUploadsBucket;
  /**
   * A folder, in development only.
   */
  folder?: string;
  /**
   * SQL that lists every object that the database names, as key and size_bytes.
   */
  references?: string;
}
/**
 * A bucket, or a part of one.
 */
export interface WrittenUploadsBucket {
  /**
   * Name of the bucket.
   */
  bucket: string;
  /**
   * Start of every key, without slashes at its ends.
   */
  prefix?: string;
  /**
   * Region of the bucket.
   */
  region?: string;
  /**
   * Address of an S3-compatible store that is not Amazon's.
   */
  endpoint?: string;
  /**
   * Put the bucket into the path and not the host name, as most S3-compatible stores want it.
   */
  'force-path-style'?: boolean;
  /**
   * Key id; absent: the usual chain of environment, profile and instance role.
   */
  'access-key-id'?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Key; absent: the usual chain of environment, profile and instance role.
   */
  'secret-access-key'?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
}
/**
 * One way to tell.
 */
export interface WrittenAlert {
  webhook?: WrittenWebhook;
  email?: WrittenEmail;
  ping?: WrittenPing;
  command?: WrittenAlertCommand;
}
/**
 * A message to a chat or an incident tool.
 */
export interface WrittenWebhook {
  /**
   * Its address; most such addresses are secrets.
   */
  url: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Shape of the message; json unless said.
   */
  format?: 'slack' | 'discord' | 'teams' | 'ntfy' | 'json';
  /**
   * For json: the body. {title}, {text}, {plan} and the like in its texts are replaced; the whole message unless said.
   */
  template?: {};
  /**
   * Secrets that the template names as {secrets.NAME}.
   */
  secrets?: {
    /**
     * Where it is to be found.
     */
    [k: string]:
      | {
          /**
           * Name of the environment variable that holds it.
           */
          env?: string;
          /**
           * Path of a file that holds it; a trailing newline is cut.
           */
          file?: string;
          /**
           * A command whose standard output is the secret; a trailing newline is cut.
           */
          command?: string;
          /**
           * Name of a systemd credential (LoadCredential=) of the unit.
           */
          credential?: string;
        }
      | undefined;
  };
  /**
   * Headers of the request; a secret is named by where it is to be found.
   */
  headers?: {
    /**
     * The header's value.
     */
    [k: string]:
      | string
      | {
          /**
           * Name of the environment variable that holds it.
           */
          env?: string;
          /**
           * Path of a file that holds it; a trailing newline is cut.
           */
          file?: string;
          /**
           * A command whose standard output is the secret; a trailing newline is cut.
           */
          command?: string;
          /**
           * Name of a systemd credential (LoadCredential=) of the unit.
           */
          credential?: string;
        }
      | undefined;
  };
  sign?: WrittenSignature;
  /**
   * Only of these; all unless said.
   *
   * Items: One event.
   */
  events?: (
    'failed' | 'recovered' | 'objective-missed' | 'drill-result' | 'sign-off-open' | 'drift' | 'warning'
  )[];
  /**
   * Only of runs of these plans; all that use the environment unless said.
   *
   * Items: Name of a plan.
   */
  plans?: string[];
  /**
   * What one message may take, with every further attempt; 30s unless said.
   */
  timeout?: string;
  proof?: WrittenAlertProof;
}
/**
 * Signs the body by HMAC with SHA-256; the header then has sha256= and hex digits.
 */
export interface WrittenSignature {
  /**
   * The key.
   */
  secret: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Name of the header; x-signature-256 unless said.
   */
  header?: string;
}
/**
 * How `run-plan alerts test` finds out that its message has arrived, beyond that it was accepted.
 */
export interface WrittenAlertProof {
  /**
   * A command for bash that prints what has arrived, asked again until it prints the token of RUN_PLAN_ALERT_TOKEN.
   */
  run: string;
  /**
   * Variables that the command gets.
   */
  env?: {
    /**
     * The variable's value.
     */
    [k: string]:
      | string
      | number
      | {
          /**
           * Name of the environment variable that holds it.
           */
          env?: string;
          /**
           * Path of a file that holds it; a trailing newline is cut.
           */
          file?: string;
          /**
           * A command whose standard output is the secret; a trailing newline is cut.
           */
          command?: string;
          /**
           * Name of a systemd credential (LoadCredential=) of the unit.
           */
          credential?: string;
        }
      | undefined;
  };
  /**
   * How long it may take to arrive; 2m unless said.
   */
  within?: string;
}
/**
 * A mail.
 */
export interface WrittenEmail {
  /**
   * Receivers.
   *
   * Items: One address.
   */
  to: string[];
  /**
   * Sender; run-plan at this host unless said.
   */
  from?: string;
  smtp: WrittenSmtp;
  /**
   * Only of these; all unless said.
   *
   * Items: One event.
   */
  events?: (
    'failed' | 'recovered' | 'objective-missed' | 'drill-result' | 'sign-off-open' | 'drift' | 'warning'
  )[];
  /**
   * Only of runs of these plans; all that use the environment unless said.
   *
   * Items: Name of a plan.
   */
  plans?: string[];
  /**
   * What one message may take, with every further attempt; 30s unless said.
   */
  timeout?: string;
  proof?: WrittenAlertProof1;
}
/**
 * The server that takes it.
 */
export interface WrittenSmtp {
  /**
   * Its name.
   */
  host: string;
  /**
   * Its port; 587 unless said.
   */
  port?: number;
  /**
   * User name there.
   */
  user?: string;
  /**
   * Password there.
   */
  password?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * starttls: the connection must become encrypted; implicit: it is from its start, as on port 465; opportunistic: encrypted where the server offers it. starttls with a password, opportunistic without, unless said.
   */
  tls?: 'starttls' | 'implicit' | 'opportunistic' | 'none';
  /**
   * Path of the CA certificate, where this host does not know the server's.
   */
  ca?: string;
}
/**
 * How `run-plan alerts test` finds out that its message has arrived, beyond that it was accepted.
 */
export interface WrittenAlertProof1 {
  /**
   * A command for bash that prints what has arrived, asked again until it prints the token of RUN_PLAN_ALERT_TOKEN.
   */
  run: string;
  /**
   * Variables that the command gets.
   */
  env?: {
    /**
     * The variable's value.
     */
    [k: string]:
      | string
      | number
      | {
          /**
           * Name of the environment variable that holds it.
           */
          env?: string;
          /**
           * Path of a file that holds it; a trailing newline is cut.
           */
          file?: string;
          /**
           * A command whose standard output is the secret; a trailing newline is cut.
           */
          command?: string;
          /**
           * Name of a systemd credential (LoadCredential=) of the unit.
           */
          credential?: string;
        }
      | undefined;
  };
  /**
   * How long it may take to arrive; 2m unless said.
   */
  within?: string;
}
/**
 * Start, success and fail pings: the dead man's switch.
 */
export interface WrittenPing {
  /**
   * Its address, for success; with /start and /fail at its end for the others, as healthchecks.io has it. {plan} in it is the name of the plan.
   */
  url: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Address of start pings, for a service that wants one of its own. Then nothing is added to any address.
   */
  start?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Address of fail pings, for a service that wants one of its own. Then nothing is added to any address.
   */
  fail?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Only these pings; all unless said.
   *
   * Items: One event.
   */
  events?: ('start' | 'success' | 'fail')[];
  /**
   * Only of runs of these plans; all that use the environment unless said.
   *
   * Items: Name of a plan.
   */
  plans?: string[];
  /**
   * What one message may take, with every further attempt; 30s unless said.
   */
  timeout?: string;
  proof?: WrittenAlertProof2;
}
/**
 * How `run-plan alerts test` finds out that its message has arrived, beyond that it was accepted.
 */
export interface WrittenAlertProof2 {
  /**
   * A command for bash that prints what has arrived, asked again until it prints the token of RUN_PLAN_ALERT_TOKEN.
   */
  run: string;
  /**
   * Variables that the command gets.
   */
  env?: {
    /**
     * The variable's value.
     */
    [k: string]:
      | string
      | number
      | {
          /**
           * Name of the environment variable that holds it.
           */
          env?: string;
          /**
           * Path of a file that holds it; a trailing newline is cut.
           */
          file?: string;
          /**
           * A command whose standard output is the secret; a trailing newline is cut.
           */
          command?: string;
          /**
           * Name of a systemd credential (LoadCredential=) of the unit.
           */
          credential?: string;
        }
      | undefined;
  };
  /**
   * How long it may take to arrive; 2m unless said.
   */
  within?: string;
}
/**
 * A program of your own: the message on its standard input as JSON, and in variables RUN_PLAN_….
 */
export interface WrittenAlertCommand {
  /**
   * A command for bash, under set -euo pipefail.
   */
  run?: string;
  /**
   * A program and its arguments, without a shell.
   *
   * Items: One word.
   */
  argv?: string[];
  /**
   * Variables that the command gets beside the message.
   */
  env?: {
    /**
     * The variable's value.
     */
    [k: string]:
      | string
      | number
      | {
          /**
           * Name of the environment variable that holds it.
           */
          env?: string;
          /**
           * Path of a file that holds it; a trailing newline is cut.
           */
          file?: string;
          /**
           * A command whose standard output is the secret; a trailing newline is cut.
           */
          command?: string;
          /**
           * Name of a systemd credential (LoadCredential=) of the unit.
           */
          credential?: string;
        }
      | undefined;
  };
  /**
   * Only of these; all unless said.
   *
   * Items: One event.
   */
  events?: (
    'failed' | 'recovered' | 'objective-missed' | 'drill-result' | 'sign-off-open' | 'drift' | 'warning'
  )[];
  /**
   * Only of runs of these plans; all that use the environment unless said.
   *
   * Items: Name of a plan.
   */
  plans?: string[];
  /**
   * What one message may take, with every further attempt; 30s unless said.
   */
  timeout?: string;
  proof?: WrittenAlertProof3;
}
/**
 * How `run-plan alerts test` finds out that its message has arrived, beyond that it was accepted.
 */
export interface WrittenAlertProof3 {
  /**
   * A command for bash that prints what has arrived, asked again until it prints the token of RUN_PLAN_ALERT_TOKEN.
   */
  run: string;
  /**
   * Variables that the command gets.
   */
  env?: {
    /**
     * The variable's value.
     */
    [k: string]:
      | string
      | number
      | {
          /**
           * Name of the environment variable that holds it.
           */
          env?: string;
          /**
           * Path of a file that holds it; a trailing newline is cut.
           */
          file?: string;
          /**
           * A command whose standard output is the secret; a trailing newline is cut.
           */
          command?: string;
          /**
           * Name of a systemd credential (LoadCredential=) of the unit.
           */
          credential?: string;
        }
      | undefined;
  };
  /**
   * How long it may take to arrive; 2m unless said.
   */
  within?: string;
}
/**
 * What a bucket is to be like.
 */
export interface WrittenBucket {
  /**
   * Make the bucket when there is none, on `run-plan apply`.
   */
  create?: boolean;
  /**
   * Region of the bucket.
   */
  region?: string;
  /**
   * Address of an S3-compatible store that is not Amazon's.
   */
  endpoint?: string;
  /**
   * Put the bucket into the path and not the host name, as most S3-compatible stores want it.
   */
  'force-path-style'?: boolean;
  /**
   * Access key that may change the bucket's settings; absent: that of the environment which uses the bucket.
   */
  'access-key-id'?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Secret of that access key.
   */
  'secret-access-key'?: {
    /**
     * Name of the environment variable that holds it.
     */
    env?: string;
    /**
     * Path of a file that holds it; a trailing newline is cut.
     */
    file?: string;
    /**
     * A command whose standard output is the secret; a trailing newline is cut.
     */
    command?: string;
    /**
     * Name of a systemd credential (LoadCredential=) of the unit.
     */
    credential?: string;
  };
  /**
   * Keep old versions of objects.
   */
  versioning?: boolean;
  /**
   * Default encryption of new objects.
   */
  encryption?: {
    /**
     * AES256, or aws:kms with a key of yours.
     */
    algorithm: 'AES256' | 'aws:kms';
    /**
     * Key id or alias, for aws:kms.
     */
    key?: string;
    /**
     * With aws:kms: one data key for the bucket instead of a request to KMS for each object.
     */
    'bucket-key'?: boolean;
  };
  /**
   * Refuse every kind of public access.
   */
  'block-public-access'?: boolean;
  /**
   * Nobody may remove a version for so long.
   */
  'object-lock'?: {
    /**
     * governance: a special permission may. compliance: nobody may.
     */
    mode: 'governance' | 'compliance';
    /**
     * How long.
     */
    for: string;
  };
  /**
   * Who is refused and who is allowed; statements of other names are left alone.
   */
  policy?: {
    /**
     * Refuse every request that does not come over TLS.
     */
    'deny-plain-http'?: boolean;
    /**
     * Refuse uploads that do not ask for server-side encryption.
     */
    'deny-unencrypted-puts'?: boolean;
    /**
     * Further statements, in the words of a bucket policy.
     */
    statements?: WrittenPolicyStatement[];
  };
  /**
   * Tags of the bucket itself; others are left alone.
   */
  tags?: {
    /**
     * Value of the tag.
     */
    [k: string]: string | undefined;
  };
  /**
   * Rules by which the store itself moves and removes objects.
   */
  lifecycle?: WrittenLifecycleRule[];
}
/**
 * One statement.
 */
export interface WrittenPolicyStatement {
  /**
   * Its name; statements of other names are left alone.
   */
  Sid: string;
  /**
   * Whether it allows or refuses.
   */
  Effect: 'Allow' | 'Deny';
  /**
   * Whom it is about: * or accounts, roles and users.
   */
  Principal:
    | '*'
    | {
        /**
         * One or many of a kind.
         */
        [k: string]: string | string[] | undefined;
      };
  /**
   * What it is about.
   */
  Action: string | string[];
  /**
   * On what; the bucket and every object in it unless said.
   */
  Resource?: string | string[];
  /**
   * When, by operator and key.
   */
  Condition?: {
    /**
     * Keys and values of one operator.
     */
    [k: string]:
      | {
          /**
           * One or many values.
           */
          [k: string]: string | string[] | undefined;
        }
      | undefined;
  };
}
/**
 * One rule.
 */
export interface WrittenLifecycleRule {
  /**
   * Its name; rules of other names are left alone.
   */
  id: string;
  /**
   * Only keys that begin so.
   */
  prefix?: string;
  /**
   * Only objects that bear all these tags.
   */
  tags?: {
    /**
     * Value of the tag.
     */
    [k: string]: string | undefined;
  };
  /**
   * Only objects of more bytes.
   */
  'larger-than'?: string;
  /**
   * Only objects of fewer bytes.
   */
  'smaller-than'?: string;
  /**
   * When objects move to a cheaper storage class.
   *
   * Items: One move.
   */
  transition?: {
    /**
     * Age at which they move.
     */
    after: string;
    /**
     * Storage class that they move to.
     */
    to: 'STANDARD_IA' | 'ONEZONE_IA' | 'INTELLIGENT_TIERING' | 'GLACIER_IR' | 'GLACIER' | 'DEEP_ARCHIVE';
  }[];
  /**
   * Age at which objects are removed.
   */
  'expire-after'?: string;
  /**
   * What happens to versions that are no longer current.
   */
  noncurrent?: {
    /**
     * When objects move to a cheaper storage class.
     *
     * Items: One move.
     */
    transition?: {
      /**
       * Age at which they move.
       */
      after: string;
      /**
       * Storage class that they move to.
       */
      to: 'STANDARD_IA' | 'ONEZONE_IA' | 'INTELLIGENT_TIERING' | 'GLACIER_IR' | 'GLACIER' | 'DEEP_ARCHIVE';
    }[];
    /**
     * Age since they were replaced at which they are removed.
     */
    'expire-after'?: string;
    /**
     * So many of the newest noncurrent versions stay, however old; with expire-after.
     */
    'keep-newest'?: number;
  };
  /**
   * Remove delete markers that hide nothing any more.
   */
  'expire-delete-markers'?: boolean;
  /**
   * Age at which unfinished multipart uploads are aborted.
   */
  'abort-incomplete-uploads-after'?: string;
}
