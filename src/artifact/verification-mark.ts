import type { Verification } from '../language/generated/verification.types.ts';

export type { Verification } from '../language/generated/verification.types.ts';

/** Greatest accepted size of a verification mark in bytes; ours take about 400. */
export const verificationBytesLimit = 64 * 1024;

/** What a mark must speak of to count. */
export interface MarkedManifest {
  readonly name: string;
  readonly manifestSha256: string;
  readonly createdAt: Date;
}

/** A mark that counts, or in words why it does not. */
export type ParsedVerification =
  | { readonly ok: true; readonly verification: Verification }
  | { readonly ok: false; readonly reason: string };

/** A mark's text as stored. */
export function renderVerification(verification: Verification): string {
  return `${JSON.stringify(verification, undefined, 2)}\n`;
}

/**
 * Reads a mark and holds it against the manifest that stands in the repository. Only a mark of this very manifest,
 * made after it, by a reading of every byte, makes an artifact verified. Never throws.
 */
export async function parseVerification(text: string, marked: MarkedManifest): Promise<ParsedVerification> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'its verification is not JSON' };
  }
  const { default: validate } = await import('../language/generated/verification.validate.ts');
  if (!isVerification(validate, value)) return { ok: false, reason: 'its verification is not valid' };
  const reason = contradiction(value, marked);
  return reason === undefined ? { ok: true, verification: value } : { ok: false, reason };
}

function isVerification(validate: (value: unknown) => boolean, value: unknown): value is Verification {
  return validate(value);
}

function contradiction(verification: Verification, marked: MarkedManifest): string | undefined {
  if (verification.name !== marked.name) return `its verification speaks of ${verification.name}`;
  if (verification.manifestSha256 !== marked.manifestSha256)
    return 'its verification speaks of another manifest';
  const verifiedAt = Date.parse(verification.verifiedAt);
  if (!(verifiedAt >= marked.createdAt.getTime())) return 'its verification is older than the artifact';
  if (verification.depth !== 'full') return 'only its head was verified';
  return undefined;
}
