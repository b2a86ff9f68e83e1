/** A line of a secret of several lines (a PEM key, an identity file) tells nothing below this length. */
const leastLineLength = 8;

/** The unaligned inside of a base64 text must be this long before it may be masked anywhere. */
const leastBase64Length = 6;

/**
 * Every form in which a program may print a secret: as it is, base64 (plain, URL-safe, unpadded, and inside a longer
 * encoded text such as `user:password`), URL-encoded, hexadecimal, escaped for JSON, XML, SQL, the shell and connection
 * strings. A secret of several lines also by its single lines, since output comes line by line.
 */
export function formsOf(value: string): ReadonlySet<string> {
  const forms = new Set<string>();
  const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= leastLineLength);
  for (const text of lines.length > 0 && value.includes('\n') ? [value, ...lines] : [value]) {
    for (const form of [
      text,
      ...base64Forms(text),
      ...hexForms(text),
      ...urlForms(text),
      ...escapedForms(text),
    ]) {
      if (form.trim() !== '') forms.add(form);
    }
  }
  return forms;
}

function base64Forms(text: string): readonly string[] {
  const bytes = Buffer.from(text, 'utf8');
  const plain = [
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    ...embeddedBase64(bytes),
  ];
  return plain.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** The characters that depend on these bytes alone when they begin at any byte of a longer base64 text. */
function embeddedBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2]
    .map((before) => {
      const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    })
    .filter((form) => form.length >= leastBase64Length);
}

/** Of a short text they would be found within other numbers. */
function hexForms(text: string): readonly string[] {
  const hex = Buffer.from(text, 'utf8').toString('hex');
  return hex.length < 2 * leastLineLength ? [] : [hex, hex.toUpperCase()];
}

function urlForms(text: string): readonly string[] {
  const component = encodeURIComponent(text.toWellFormed());
  // RFC 3986 reserves five characters more than encodeURIComponent knows.
  const strict = component.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const form = new URLSearchParams({ _: text }).toString().slice(2);
  const path = encodeURI(text.toWellFormed());
  const upper = [component, strict, form, path];
  return [
    ...upper,
    ...upper.map((encoded) => encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
  ];
}

function escapedForms(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [
    json,
    ascii,
    json.replaceAll('/', '\\/'),
    text.replaceAll("'", "''"),
    text.replaceAll("'", String.raw`'\''`),
    // Python's shlex, and bash's printf %q.
    text.replaceAll("'", `'"'"'`),
    text.replaceAll(/[ \t!"$&'()*,;<>?[\\\]^`{|}]/g, String.raw`\$&`),
    ...xmlForms(text),
    text.replaceAll(/['\\]/g, String.raw`\$&`),
    text.replaceAll(/[:\\]/g, String.raw`\$&`),
  ];
}

function xmlForms(text: string): readonly string[] {
  const inText = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const inAttribute = inText.replaceAll('"', '&quot;');
  return [inText, inAttribute, inAttribute.replaceAll("'", '&#x27;'), inAttribute.replaceAll("'", '&#39;')];
}
