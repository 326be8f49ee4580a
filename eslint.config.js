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

/** Modules of Node that can contact other programs. */
const NETWORK = '/^(node:)?(net|tls|http|https|http2|dgram|dns)(\\u002f|$)/'
/** Syntax that one module of main has to itself. */
const ONE_WAY = [
  {
    selectors: [
      "MemberExpression[property.name='throwIfAborted']",
      "NewExpression[callee.name='WorkbenchError'][arguments.0.value='cancelled']"
    ],
    within: ['src/main/base/files/cancelling.ts'],
    message: 'Use src/main/base/files/cancelling.ts, which names the work.'
  },
  {
    selectors: [
      "MemberExpression[object.name='JSON'][property.name='parse']",
      "CallExpression[callee.property.name='json'][arguments.length=0]"
    ],
    within: ['src/main/base/files/bounded-json.ts', 'src/main/base/files/json-pieces.ts'],
    message: 'Use src/main/base/files/bounded-json.ts, which looks at size and depth first.'
  },
  {
    selectors: [
      'ImportDeclaration[importKind!="type"][source.value=/^(csv-parse|@huggingface\\u002f|msgpackr|protobufjs|node:zlib)/]',
      "ImportDeclaration[source.value='node:v8'] > :matches(ImportDefaultSpecifier, ImportNamespaceSpecifier, ImportSpecifier[imported.name!='setFlagsFromString'])",
      "ImportDeclaration[importKind!='type'][source.value='yaml'] > ImportSpecifier[imported.name=/^(parse|Parser$|Lexer$|Composer$)/]",
      'ImportSpecifier[imported.name=/^(inflate|inflateRaw|ungzip|Inflate)$/]'
    ],
    // Of these, main runs only csv.ts on imported prompts, message-pipe.ts on its own processes, and an encoder.
    within: [
      'src/main/base/csv.ts',
      'src/main/base/message-pipe.ts',
      'src/main/evaluation/embedding-tokenizer.ts',
      'src/main/graphs/onnx-encoding.ts',
      'src/main/sandbox/parsed-yaml.ts',
      'src/main/sandbox/python-interpreter.ts',
      'src/main/sandbox/render-template.ts',
      'src/main/sandbox/template-source.ts',
      'src/main/text/library-tokenizer.ts'
    ],
    message: 'Ask the sandbox process (src/main/sandbox), which bounds the time and memory of parsers.'
  },
  {
    selectors: [
      "CallExpression[callee.name='fetch']",
      "CallExpression[callee.property.name='fetch']",
      'NewExpression[callee.name=/^(WebSocket|EventSource)$/]',
      `ImportDeclaration[source.value=${NETWORK}] > ImportSpecifier[imported.name=/^(connect|createConnection|createSocket|get|request|lookup|resolve.*)$/]`,
      `ImportDeclaration[source.value=${NETWORK}] > :matches(ImportDefaultSpecifier, ImportNamespaceSpecifier)`,
      `ImportExpression[source.value=${NETWORK}]`
    ],
    // A start of the server asks at its own port whether another one runs.
    within: ['src/main/endpoint/contact.ts', 'src/main/serve/server.ts'],
    message: 'Use src/main/endpoint/contact.ts, which contacts only addresses that the user has confirmed.'
  }
]
const restrictedTo = (rules) => [
  'error',
  ...rules.flatMap(({ selectors, message }) => selectors.map((selector) => ({ selector, message })))
]
/** Each of these modules may do what it is for, and nothing that another one is for. */
const mainDoesInOneWay = [
  { files: ['src/main/**/*.ts'], rules: { 'no-restricted-syntax': restrictedTo(ONE_WAY) } },
  ...ONE_WAY.map((own) => ({
    files: own.within,
    rules: { 'no-restricted-syntax': restrictedTo(ONE_WAY.filter((rule) => rule !== own)) }
  }))
]

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
  ...mainDoesInOneWay,
  typesAreMinded
)
