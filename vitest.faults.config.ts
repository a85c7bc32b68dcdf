import { defineConfig } from 'vitest/config';

/** The experiments at their full sizes: minutes long, one after the other, on a machine with nothing else to do. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts', 'test/faults/**/*.fault.ts'],
    globalSetup: ['test/support/shared-stack.ts'],
    fileParallelism: false,
    hookTimeout: 120_000,
  },
});
