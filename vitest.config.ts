import { defineConfig } from 'vitest/config';

/** What drives the machine hard comes last and by itself: on two cores more at once takes from the others' patience. */
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
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { name: 'heavy', ...PATIENCE, include: HEAVY, maxWorkers: 2, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
