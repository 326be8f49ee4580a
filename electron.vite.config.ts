import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'

export default defineConfig({
  main: {
    build: {
      // Packages in `dependencies` stay external; onnxruntime-node must: its native binary cannot be bundled.
      rollupOptions: {
        input: {
          electron: 'src/main/electron.ts',
          cli: 'src/main/cli.ts',
          engine: 'src/main/engine/process.ts'
        },
        output: { format: 'es', entryFileNames: '[name].js' }
      }
    }
  },
  preload: {
    build: {
      // A sandboxed preload must be one CommonJS file.
      rollupOptions: {
        input: { index: 'src/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' }
      }
    }
  },
  renderer: {
    root: 'src/renderer',
    plugins: [svelte()],
    build: { rollupOptions: { input: { index: 'src/renderer/index.html' } } }
  }
})
