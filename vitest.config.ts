import { defineConfig } from 'vitest/config';

/** What drives the machine hard comes last and with less beside it. */
const HEAVY = ['test/faults/**/*.test.ts', 'test/demo/**/*.test.ts'];
const PATIENCE = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    globalSetup: ['test/support/shared-stack.ts'],
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'tests',
          ...PATIENCE,
          include: ['test/**/*.test.ts'],
          exclude: HEAVY,
          // Most of its time a test waits for timers and for other processes.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { name: 'heavy', ...PATIENCE, include: HEAVY, maxWorkers: 2, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
