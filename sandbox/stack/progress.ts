/** Where long steps say what they do: a line for a person. Default: stderr. */
export type Report = (line: string) => void;

export const reportOnStderr: Report = (line) => void process.stderr.write(`${line}\n`);

const SAY_EVERY_MS = 10_000;

/** Says at once and then every ten seconds that `what` goes on, with what `detail` gives, until it settles. */
export async function withProgress<T>(
  report: Report,
  what: string,
  work: Promise<T>,
  detail: () => string = () => '',
): Promise<T> {
  const begun = performance.now();
  report(`${what} …`);
  const seconds = () => Math.round((performance.now() - begun) / 1_000);
  const timer = setInterval(() => report(`${what} … ${seconds()} s${detail()}`), SAY_EVERY_MS);
  try {
    const result = await work;
    report(`${what}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
