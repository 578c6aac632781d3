import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` and `npm run preview` send API calls: a running server, or `npm run mock`. */
const backend = process.env.PORTOLAN_BACKEND ?? 'http://127.0.0.1:7879';
const proxy = Object.fromEntries(
  ['/api', '/console/api', '/openapi.json'].map((path) => [path, { target: backend }]),
);

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    target: 'es2023',
    // Keep light-dark() as written instead of a polyfill: every browser of the last two years knows it.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The policy allows fonts and scripts from this origin only, so nothing may become a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  test: {
    environment: 'happy-dom',
    environmentOptions: { happyDOM: { url: 'http://127.0.0.1:7878/' } },
    include: ['src/**/*.test.{ts,tsx}', 'mock/**/*.test.mjs'],
    restoreMocks: true,
  },
});
