/** How a provider wants the characters of a path written. */
export type PathEncoding = (path: string) => string;

/**
 * As RFC 3986 has it: what may stand in a path segment stays, anything else is percent-encoded. So do browsers and
 * caches that normalise addresses write it.
 */
export const encodeStandard: PathEncoding = (path) =>
  encodeURIComponent(path.toWellFormed()).replaceAll(/%(?:2F|3A|40|24|26|2B|2C|3B|3D)/g, (code) =>
    decodeURIComponent(code),
  );

/**
 * For CloudFront: encode non-ASCII and the characters that RFC 1738 calls unsafe, and no other, "or CloudFront will not
 * invalidate the old version".
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
 */
export const encodeForCloudFront: PathEncoding = (path) =>
  path
    .toWellFormed()
    .replaceAll(/[^!-~]|["#%<>?[\\\]^`{|}~]/gu, (character) =>
      [...Buffer.from(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    );

/**
 * The paths under which a CDN may hold an object. A `+` has two: some clients send it as it is, and those of S3, which
 * reads a bare one as a space, must send `%2B`.
 */
export function pathsOfKey(key: string, basePath: string, encode: PathEncoding): readonly string[] {
  const path = `${basePath}/${encode(key)}`;
  return path.includes('+') ? [path, path.replaceAll('+', '%2B')] : [path];
}

/** The path of a base address without a slash at its end. */
export function basePathOf(base: URL | undefined): string {
  return (base?.pathname ?? '').replace(/\/+$/, '');
}
