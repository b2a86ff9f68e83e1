/** A name or a line that was bytes. */
export interface ReadText {
  readonly text: string;
  /** It is what the bytes mean; otherwise those that mean nothing stand as `\\xNN`. */
  readonly isExact: boolean;
}

/**
 * Postgres' names of encodings, and those of the WHATWG encoding standard that Node's decoder knows. Where both differ
 * (unassigned bytes, private characters) the decoder fails, and the bytes are shown. Left out: EUC_TW, MULE_INTERNAL and
 * SQL_ASCII, of which UTF-8 is the best guess.
 */
const labels: Readonly<Record<string, string>> = {
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'iso-8859-9',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN1255: 'windows-1255',
  WIN1256: 'windows-1256',
  WIN1257: 'windows-1257',
  WIN1258: 'windows-1258',
  EUC_JP: 'euc-jp',
  EUC_JIS_2004: 'euc-jp',
  EUC_KR: 'euc-kr',
  EUC_CN: 'gbk',
};

/** Encodings that no server can make UTF-8 of: in SQL_ASCII any byte may stand, and of the other there is no table. */
export const untranslatable: readonly string[] = ['SQL_ASCII', 'MULE_INTERNAL'];

/** Bytes as text of an encoding, by Postgres' name of it. */
export function readText(bytes: Buffer, encoding: string): ReadText {
  if (encoding === 'LATIN1') return { text: bytes.toString('latin1'), isExact: true };
  try {
    const decoder = new TextDecoder(labels[encoding] ?? 'utf-8', { fatal: true, ignoreBOM: true });
    // WHATWG's windows code pages give control characters for bytes that Postgres has no character for.
    const text = decoder.decode(bytes);
    return { text, isExact: !/[\u0080-\u009f]/.test(text) };
  } catch {
    return { text: shown(bytes), isExact: false };
  }
}

/** A name as `encode(…, 'hex')` of its bytes. */
export function readName(hex: string, encoding: string): ReadText {
  return readText(Buffer.from(hex, 'hex'), encoding);
}

function shown(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}
