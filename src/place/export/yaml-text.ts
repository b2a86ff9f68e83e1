import { Document, isMap, isNode, isPair, isScalar, isSeq, type Node } from 'yaml';

/** A comment above what stands at a path. */
export interface YamlComment {
  readonly path: readonly (string | number)[];
  readonly text: string;
  /** Behind the value, on its line. */
  readonly beside?: true;
}

/**
 * A value as YAML that readers of YAML 1.1 and 1.2 take alike (`on`, `no`, `0440` and the like quoted), with a head of
 * comment lines and comments above single keys.
 */
export function renderYaml(
  value: unknown,
  head: readonly string[],
  comments: readonly YamlComment[] = [],
): string {
  const document = new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false });
  for (const { path, text, beside } of comments) {
    if (beside === true) {
      const value = document.getIn(path, true);
      if (isScalar(value)) value.comment = ` ${text}`;
      continue;
    }
    const node = commented(document.contents, path);
    const above = node.commentBefore;
    node.commentBefore = [...(above === null || above === undefined ? [] : [above]), ...lined(text)].join(
      '\n',
    );
  }
  const body = document.toString({ lineWidth: 0 });
  return `${head.map(commentLine).join('')}${body}`;
}

/** Lines of a comment as they stand at the head of a file. */
export function commentLine(text: string): string {
  return text === '' ? '#\n' : `# ${text.replaceAll(/\s*\n\s*/g, ' ')}\n`;
}

function lined(text: string): readonly string[] {
  return text.split('\n').map((line) => ` ${line}`);
}

/** The node above which a comment for a path stands: the key of a mapping, the item of a list. */
function commented(contents: unknown, path: YamlComment['path']): Node {
  let at = contents;
  let node: unknown = contents;
  for (const part of path) {
    if (isMap(at)) {
      const pair = at.items.find(({ key }) => isScalar(key) && key.value === part);
      node = isPair(pair) ? pair.key : undefined;
      at = isPair(pair) ? pair.value : undefined;
    } else if (isSeq(at)) {
      node = at.items[Number(part)];
      at = node;
    }
  }
  if (isNode(node)) return node;
  throw new Error(`there is nothing to comment at ${path.join('.')}`);
}
