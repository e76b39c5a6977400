import { defineConfig } from 'vitest/config';

// CI counts tests from this file; on a terminal nobody wants it.
const report = process.env.GNET_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two training tests side by side on a small machine only slow each other down.
    maxWorkers: 2,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
