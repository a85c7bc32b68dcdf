export type RawEnv = Readonly<Record<string, string | undefined>>;

/** The settings as they were given; the only place in the product that reads the environment. */
export function readEnv(source: RawEnv = process.env): RawEnv {
  return { ...source };
}
