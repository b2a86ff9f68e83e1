import type * as Sdk from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import { defined } from '../base/defined.ts';
import { withLimit } from '../base/waiting.ts';
import { watchAnswer, type Answer, type Stack } from './answer.ts';
import { urlOf, wire, type S3 } from './client.ts';
import { isTooMuch, s3Failure, type Asked } from './failure.ts';
import { createWaits } from './patience.ts';

/** One question or order, as messages name it, and how it is asked. */
export interface Question extends Asked {
  readonly signal?: AbortSignal | undefined;
  /** Sees the answer before it is parsed. */
  readonly onAnswer?: (answer: Answer) => void;
  /** Stores that are not Amazon's want a Content-MD5 with it; the SDK sends its own checksums only. */
  readonly withMd5?: true;
}

/** A request as the SDK makes it. */
export type Command<
  Input extends Sdk.ServiceInputTypes,
  Output extends Sdk.ServiceOutputTypes,
> = Sdk.$Command<Input, Output, Sdk.S3ClientResolvedConfig, Sdk.ServiceInputTypes, Sdk.ServiceOutputTypes>;

/**
 * The one way by which a request leaves: made anew for each try, tried again while that may help and the patience lasts,
 * its answer looked at before it is believed.
 * @throws Failure `repository-*`, `store-lacks`, `environment-incomplete`, with the fields of the answer; the signal's reason
 */
export async function ask<Input extends Sdk.ServiceInputTypes, Output extends Sdk.ServiceOutputTypes>(
  s3: S3,
  question: Question,
  make: (sdk: typeof Sdk) => Command<Input, Output> | Promise<Command<Input, Output>>,
): Promise<Output> {
  const { sdk, client, patience, pace, limits } = s3[wire];
  const { signal } = question;
  const once = async (): Promise<Output> => {
    signal?.throwIfAborted();
    const command = await make(sdk);
    const stack = command.middlewareStack as unknown as Stack;
    watchAnswer(stack, question.onAnswer);
    if (question.withMd5 === true && s3.location.endpoint !== undefined) addMd5(stack);
    // What is stored or removed is large or long at work, and limited by the client; an answer may come byte by byte.
    if (question.action === 'store' || question.action === 'remove')
      return await client.send(command, defined({ abortSignal: signal }));
    return await withLimit(
      { clock: systemClock, limitMs: limits.requestMs, over: late, signal, graceMs: endingMs },
      (abortSignal) => client.send(command, { abortSignal }),
    );
  };
  const waits = createWaits(patience, urlOf(s3.location));
  try {
    for (;;) {
      try {
        const output = await (pace === undefined ? once() : pace.keep(once, signal));
        waits.over();
        return output;
      } catch (error) {
        signal?.throwIfAborted();
        // The pace has waited for what is too much, with everybody.
        if (pace !== undefined && isTooMuch(error)) throw error;
        await waits.after(error, signal);
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw s3Failure(error, question, s3.location, waits.told());
  }
}

/** For a request to be over once it was told to end, milliseconds. */
const endingMs = 1_000;

function late(): Error {
  return Object.assign(new Error('the answer came too slowly'), { name: 'TimeoutError' });
}

function addMd5(stack: Stack): void {
  stack.add(
    (next) => (args) => {
      addContentMd5(args.request);
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'contentMd5', override: true },
  );
}

function addContentMd5(request: unknown): void {
  if (typeof request !== 'object' || request === null || !('body' in request && 'headers' in request)) return;
  const { body, headers } = request;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return;
  const given = headers as Record<string, string>;
  given['content-md5'] ??= createHash('md5').update(body).digest('base64');
}
