import type * as Sdk from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';

/** What came back, before the SDK has parsed it. */
export interface Answer {
  readonly headers: Readonly<Record<string, string>>;
  /** The XML; empty for what answers an object, and for an answer without a body. */
  readonly text: string;
}

/** What answered is no store: a proxy, a balancer or a captive portal with a page of its own. */
export const foreignAnswer = 'ForeignAnswer';
/** The store's answer is cut off or damaged. */
export const brokenAnswer = 'BrokenAnswer';

const listRoot = 'ListBucketResult';

/** Listings consist of one element: without it they would be read as "nothing is there". */
const listings: Readonly<Record<string, string>> = {
  ListMultipartUploadsCommand: 'ListMultipartUploadsResult',
  ListObjectVersionsCommand: 'ListVersionsResult',
  ListObjectsV2Command: listRoot,
  ListPartsCommand: 'ListPartsResult',
};

/** What else is answered in XML, by any element that is whole: names differ (Ceph 16: BlockPublicAccessBlockConfiguration). */
const documents: ReadonlySet<string> = new Set([
  'CompleteMultipartUploadCommand',
  'CopyObjectCommand',
  'CreateMultipartUploadCommand',
  'DeleteObjectsCommand',
  'GetBucketEncryptionCommand',
  'GetBucketLifecycleConfigurationCommand',
  'GetBucketLocationCommand',
  'GetBucketOwnershipControlsCommand',
  'GetBucketTaggingCommand',
  'GetBucketVersioningCommand',
  'GetObjectAclCommand',
  'GetObjectLockConfigurationCommand',
  'GetObjectTaggingCommand',
  'GetPublicAccessBlockCommand',
  'UploadPartCopyCommand',
]);

/** Ceph 16 answers 200 with nothing where no encryption can be set, and others a quiet batch that removed everything. */
const mayBeEmpty: ReadonlySet<string> = new Set(['GetBucketEncryptionCommand', 'DeleteObjectsCommand']);

interface HttpAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body?: unknown;
}

/** Where looks at a request or its answer are added. */
export type Stack = Pick<Sdk.S3Client['middlewareStack'], 'add'>;

/** Has a command's answer looked at on its way to the SDK's parser, which takes anything for an empty answer. */
export function watchAnswer(stack: Stack, onAnswer: ((answer: Answer) => void) | undefined): void {
  stack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const response = result.response as HttpAnswer;
      const command = String(context.commandName);
      const { method } = args.request as { method: string };
      if (isPage(response, method)) throw notFromStore(response, 'a page of HTML');
      const isFine = response.statusCode < 300;
      const isXml = isFine && (command in listings || documents.has(command));
      const text = isXml || !isFine ? await takeText(response, isQuestion(command)) : '';
      if (isXml) checkXml(text, command, response);
      if (!isFine) checkRefusal(text, method, response);
      onAnswer?.({ headers: response.headers, text });
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'watchAnswer', override: true },
  );
}

/** An object may be a page of its own; a store then says whose, at least by an ETag and a time. */
function isPage({ statusCode, headers }: HttpAnswer, method: string): boolean {
  if (headers['content-type']?.toLowerCase().startsWith('text/html') !== true) return false;
  if (Object.keys(headers).some((name) => name.startsWith('x-amz-'))) return false;
  const mayBeObject = (method === 'GET' || method === 'HEAD') && statusCode < 300;
  return !mayBeObject || headers['etag'] === undefined || headers['last-modified'] === undefined;
}

/** A full page of a thousand long names has some 4 MiB. */
const mostTextBytes = 16 * 1024 * 1024;
/** For the whole of a listing or a setting: byte by byte it would never stall, and never end. */
const wholeTextMs = 60_000;

/** What is done may take long, and Amazon keeps the connection alive by blanks meanwhile. */
function isQuestion(command: string): boolean {
  return /^(List|Get|Head)/.test(command);
}

async function takeText(response: HttpAnswer, isLimited: boolean): Promise<string> {
  const body =
    response.body instanceof Readable ? await take(response.body, response, isLimited) : Buffer.alloc(0);
  response.body = Readable.from(body.length === 0 ? [] : [body], { objectMode: false });
  return body.toString('latin1');
}

async function take(body: Readable, response: HttpAnswer, isLimited: boolean): Promise<Buffer> {
  const late = Object.assign(new Error('the answer does not come to its end'), { name: 'TimeoutError' });
  const limit = isLimited ? setTimeout(() => body.destroy(late), wholeTextMs) : undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostTextBytes) throw answerError(brokenAnswer, 'more than 16 MiB of XML', response);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(limit);
  }
  return Buffer.concat(chunks);
}

/**
 * A refusal in plain words or JSON is none of a store's, which answers in XML: taken for one, the 404 of a balancer without
 * a route would be an empty repository. Statuses that pass by themselves, or say that something is not known, speak for
 * themselves.
 */
function checkRefusal(text: string, method: string, response: HttpAnswer): void {
  const { statusCode, headers } = response;
  if (statusCode >= 500 || [405, 408, 429].includes(statusCode)) return;
  if (Object.keys(headers).some((name) => name.startsWith('x-amz-'))) return;
  const target = URL.parse(headers['location'] ?? '')?.origin;
  const isXml = text.trimStart().startsWith('<');
  if (statusCode < 400 && target !== undefined && !isXml)
    throw notFromStore(response, `a redirect to ${target}`);
  const [type = ''] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const isForeign =
    method === 'HEAD' ? /^(text\/plain|application\/json)$/.test(type) : text !== '' && !isXml;
  if (isForeign) throw notFromStore(response, type === '' ? 'no XML' : `${type} and no XML`);
}

function checkXml(text: string, command: string, response: HttpAnswer): void {
  const shown = text.trim();
  if (shown === '' && mayBeEmpty.has(command)) return;
  if (/^<(!doctype\s+html|html)\b/i.test(shown)) throw notFromStore(response, 'a page of HTML');
  const root = rootOf(shown);
  const wanted = listings[command];
  // Ceph 16 lists the bucket when it is asked for a part of it that it does not know.
  if (root === listRoot && wanted !== root)
    throw answerError('NotImplemented', 'the bucket is listed instead', response);
  if (root === undefined || (wanted !== undefined && root !== wanted && root !== 'Error'))
    throw answerError(brokenAnswer, `${text.length} bytes that are no whole ${wanted ?? 'XML'}`, response);
}

/** Name of the element that a text consists of; undefined when it is not whole. */
function rootOf(text: string): string | undefined {
  const content = text.replace(/^(<\?[^>]*\?>\s*)+/, '');
  const [, name, isAll] = /^<(?:\w+:)?(\w+)(?:\s[^>]*?)?(\/>$)?/.exec(content) ?? [];
  const [, end] = /<\/(?:\w+:)?(\w+)\s*>$/.exec(content) ?? [];
  return isAll !== undefined || end === name ? name : undefined;
}

function notFromStore(response: HttpAnswer, what: string): Error {
  return answerError(foreignAnswer, `status ${response.statusCode}, ${what}`, response);
}

function answerError(name: string, message: string, response: HttpAnswer): Error {
  return Object.assign(new Error(message), {
    name,
    $metadata: { httpStatusCode: response.statusCode },
    $response: response,
  });
}
