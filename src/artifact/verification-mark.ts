import { describeDamage, document, type Present } from '../base/document.ts';
import type { Verification } from '../language/generated/verification.types.ts';

export type { Verification } from '../language/generated/verification.types.ts';

export const verifications = document<Verification>({
  name: 'verification mark',
  // Ours take about 400 bytes.
  limitBytes: 64 * 1024,
  schema: () => import('../language/generated/verification.validate.ts'),
});

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
export const renderVerification = verifications.render;

/**
 * Holds a mark that was found against the manifest that stands in the repository. Only a mark of this very manifest, made
 * after it, by a reading of every byte, makes an artifact verified.
 */
export function judgeVerification(
  reading: Present<Verification>,
  marked: MarkedManifest,
): ParsedVerification {
  if (reading.state === 'damaged')
    return { ok: false, reason: describeDamage(reading.damage, 'its verification') };
  const reason = contradiction(reading.value, marked);
  return reason === undefined ? { ok: true, verification: reading.value } : { ok: false, reason };
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
