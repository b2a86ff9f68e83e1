/** The part of a stream that views need; `process.stdout` is one. */
export type OutputStream = Pick<NodeJS.WritableStream, 'write'> & Pick<NodeJS.EventEmitter, 'on' | 'off'>;

/** A console that may break: a closed pipe or a hung-up terminal never stops a run, it only makes the view silent. */
export interface ConsoleOutput {
  write(text: string): void;
  /** Whether writing has failed; all that follows is dropped. */
  readonly broken: boolean;
  /** Resolves when all that was written has left, or never can. */
  flush(): Promise<void>;
}

export function openConsole(stream: OutputStream): ConsoleOutput {
  let broken = false;
  const breakOff = (): void => {
    broken = true;
  };
  // Stays for the life of the process: an error may come long after the write that caused it.
  stream.on('error', breakOff);
  stream.on('close', breakOff);
  const write = (text: string, done?: () => void): void => {
    if (broken) {
      done?.();
      return;
    }
    try {
      stream.write(text, done);
    } catch {
      breakOff();
      done?.();
    }
  };
  return {
    write: (text) => {
      write(text);
    },
    get broken() {
      return broken;
    },
    flush: () =>
      new Promise((resolve) => {
        stream.on('error', () => {
          resolve();
        });
        stream.on('close', () => {
          resolve();
        });
        write('', resolve);
      }),
  };
}
