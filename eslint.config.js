import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

const electronOnlyInItsEntries = {
  files: ['src/**/*.{ts,svelte}'],
  ignores: ['src/main/electron/**', 'src/preload/**'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: [
          {
            name: 'electron',
            message: 'Only src/main/electron and src/preload may import electron.'
          }
        ]
      }
    ]
  }
}

/** The contract is read by every process, so it may lean on none of them. */
const contractIsPure = {
  files: ['src/contract/**/*.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: ['node:*', 'electron', '**/main/**', '**/renderer/**'],
            message: 'The contract imports no process.'
          }
        ]
      }
    ]
  }
}

const rendererStaysInItsProcess = {
  files: ['src/renderer/**/*.{ts,svelte}'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: ['node:*', 'electron', '**/main/**'],
            message: 'The renderer reaches main through the contract.'
          }
        ]
      }
    ]
  }
}

/** Loaded any other way, onnxruntime would report what it computes. */
const onnxruntimeIsSilenced = {
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        paths: [
          {
            name: 'onnxruntime-node',
            allowTypeImports: true,
            message: 'Import its values from src/main/base/onnxruntime.ts, which turns telemetry off first.'
          }
        ]
      }
    ]
  }
}

/** A function is read at one sight; comments count, for they are read too. */
const functionsOfMainAreShort = {
  files: ['src/main/**/*.ts'],
  rules: {
    'max-lines-per-function': ['error', { max: 60, skipComments: false, skipBlankLines: false, IIFEs: true }]
  }
}

const cancelledInOneWay = {
  files: ['src/main/**/*.ts'],
  ignores: ['src/main/base/files/cancelling.ts'],
  rules: {
    'no-restricted-syntax': [
      'error',
      ...[
        "MemberExpression[property.name='throwIfAborted']",
        "NewExpression[callee.name='WorkbenchError'][arguments.0.value='cancelled']"
      ].map((selector) => ({
        selector,
        message: 'Use src/main/base/files/cancelling.ts, which names the work.'
      }))
    ]
  }
}

/** What only the types show: promises that nobody waits for, methods that lose their object, classes copied without their methods. */
const typesAreMinded = {
  files: ['src/**/*.ts'],
  ignores: ['**/*.svelte.ts'],
  languageOptions: { parserOptions: { projectService: true } },
  rules: {
    '@typescript-eslint/await-thenable': 'error',
    '@typescript-eslint/no-floating-promises': 'error',
    // Over the characters of a string it is meant.
    '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
    '@typescript-eslint/unbound-method': 'error'
  }
}

export default ts.config(
  { ignores: ['out/', 'dist/', 'node_modules/', 'resources/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...ts.configs.stylistic,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } }
  },
  {
    rules: {
      'no-undef': 'off', // the type checker does this, and knows the types
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }]
    }
  },
  electronOnlyInItsEntries,
  contractIsPure,
  rendererStaysInItsProcess,
  onnxruntimeIsSilenced,
  functionsOfMainAreShort,
  cancelledInOneWay,
  typesAreMinded
)
