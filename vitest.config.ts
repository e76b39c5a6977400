import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two training tests side by side on a small machine only slow each other down.
    maxWorkers: 2,
  },
});
