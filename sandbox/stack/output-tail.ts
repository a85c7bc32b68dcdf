import { StringDecoder } from 'node:string_decoder';

const KEPT_CHARACTERS = 256 * 1024;

/** The end of what a process printed: enough for an error message, bounded for a process that runs for days. */
export class OutputTail {
  private kept = '';
  private readonly decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };

  constructor(private readonly onOutput?: (text: string) => void) {}

  add(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const text = this.decoders[stream].write(chunk);
    this.kept = (this.kept + text).slice(-KEPT_CHARACTERS);
    this.onOutput?.(text);
  }

  text(): string {
    return this.kept;
  }
}
