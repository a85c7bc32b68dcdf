/** Settings or policy that nothing can be started with; one line per problem, none with a secret's value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    // A policy's keys may hold anything, line breaks too.
    const lines = problems.map((problem) => problem.replace(/\s+/g, ' '));
    super(lines.join('\n'));
    this.name = 'ConfigError';
    this.problems = lines;
  }
}
