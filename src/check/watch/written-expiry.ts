import { X509Certificate } from 'node:crypto';

const pem = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

/**
 * When the certificates of a PEM text end: of a certificate with those that lead to its authority the first to end; of
 * authorities that are trusted the last, because old and new ones lie side by side while they are changed. Undefined
 * when there is none. @throws Error for a certificate that cannot be read
 */
export function pemEnd(text: string, of: 'certificate' | 'authorities'): Date | undefined {
  const ends = [...text.matchAll(pem)].map(([each]) => Date.parse(new X509Certificate(each).validTo));
  if (ends.length === 0) return undefined;
  return new Date(of === 'certificate' ? Math.min(...ends) : Math.max(...ends));
}

/** When a JSON Web Token ends (`exp` of RFC 7519); undefined for any other text and for a token without an end. */
export function tokenEnd(text: string): Date | undefined {
  const [header, payload, signature, ...rest] = text.trim().split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0)
    return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const isMapping = typeof claims === 'object' && claims !== null && 'exp' in claims;
    return isMapping && typeof claims.exp === 'number' ? new Date(claims.exp * 1000) : undefined;
  } catch {
    return undefined;
  }
}
