/**
 * The bytes of a name as text of one character a byte (latin1). File systems and S3 order names by their bytes; texts
 * of this kind compare with `<` in exactly that order, which texts of UTF-16 do not, and hold bytes that are no UTF-8.
 */
export type ByteText = string;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function bytesOf(key: string): ByteText {
  return Buffer.from(key).toString('latin1');
}

/** The key of a name's bytes, or undefined when they are not UTF-8. */
export function keyOf(name: ByteText): string | undefined {
  try {
    return strict.decode(Buffer.from(name, 'latin1'));
  } catch {
    return undefined;
  }
}

/** For people: bytes that are no UTF-8 and control characters are escaped, so that one name stays on one line. */
export function shownName(name: ByteText): string {
  const text = keyOf(name);
  const escape = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  if (text === undefined) return name.replaceAll(/[^ -~]/g, escape);
  return text.replaceAll(/\p{Cc}/gu, escape);
}

/** The file system's path of a name's bytes. */
export function pathOf(name: ByteText): Buffer {
  return Buffer.from(name, 'latin1');
}
