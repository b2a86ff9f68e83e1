/**
 * The order in which S3 lists keys and in which `order by convert_to(key, 'UTF8')` gives them: by the bytes of UTF-8.
 * JavaScript compares UTF-16, where a character beyond U+FFFF comes before U+E000; everything else is alike.
 */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const one = left.charCodeAt(index);
    const other = right.charCodeAt(index);
    if (one !== other) return placeOf(one) - placeOf(other);
  }
  return left.length - right.length;
}

/** Surrogates, which stand for U+10000 and above, go behind the rest. */
function placeOf(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
