// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  environments: {
    protected: false,
    postgres: { port: 5432, sslmode: 'prefer', ephemeral: false },
    repository: { s3: { prefix: '', 'force-path-style': false } },
    uploads: { s3: { prefix: '', 'force-path-style': false } },
    alerts: {
      webhook: {
        format: 'json',
        sign: { header: 'x-signature-256' },
        timeout: '30s',
        proof: { within: '2m' },
      },
      email: { smtp: { port: 587 }, timeout: '30s', proof: { within: '2m' } },
      ping: { timeout: '30s', proof: { within: '2m' } },
      command: { timeout: '30s', proof: { within: '2m' } },
    },
  },
  buckets: {
    create: false,
    'force-path-style': false,
    lifecycle: { prefix: '', 'expire-delete-markers': false },
  },
} as const;
