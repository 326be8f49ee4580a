import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { decoderSpec } from '../../../../src/main/family'
import { FAMILIES } from '../../../../src/main/family/family-table'
import { NESTED_TEXT_CONFIGS } from '../../../../src/main/family/nested-text'
import { NEUTRAL_KEYS, NEUTRAL_VALUES } from '../../../../src/main/family/neutral-keys'
import { PUBLISHED_CONFIGS } from '../../../fixtures/published-configs'

const TABLE = join(import.meta.dirname, '../../../../docs/config-keys.md')

/** Keys that a family's row asks for, as its refusals name them. */
function keysRead(modelType: string): string[] {
  const published = PUBLISHED_CONFIGS.find(({ config }) => config.model_type === modelType)
  try {
    decoderSpec({ ...published?.config, unknown_key: 1 }, 'config.json')
  } catch (error) {
    const [, keys] =
      error instanceof WorkbenchError
        ? (/^Read for .*?: (.*?)\. If/.exec(error.problem.hint ?? '') ?? [])
        : []
    if (keys !== undefined) return keys.split(', ')
    throw error
  }
  throw new Error(`${modelType} reads any key`)
}

const codes = (keys: readonly string[]): string => keys.map((key) => `\`${key}\``).join(', ')

/** Every key of a config.json that the program knows, by what it does with it. */
function table(): string {
  const families = Object.entries(FAMILIES).map(([modelType, { label, ignored }]) => {
    const read = keysRead(modelType).filter((key) => !ignored.includes(key))
    return `| ${label} (\`${modelType}\`) | ${codes(read)} | ${codes(ignored)} |`
  })
  const nested = Object.entries(NESTED_TEXT_CONFIGS).map(
    ([modelType, { key, modelTypes, ignored }]) =>
      `| \`${modelType}\` | \`${key}\`, as ${modelTypes.map((inner) => `\`${inner}\``).join(' or ')} | ${codes(ignored)} |`
  )
  const values = Object.entries(NEUTRAL_VALUES).map(
    ([key, off]) => `| \`${key}\` | ${codes(off.map((value) => JSON.stringify(value)))} |`
  )
  return `# Keys of config.json

Made and checked by \`test/unit/main/family/config-keys-table.test.ts\` (\`npx vitest run FILE --update\` writes it anew). A key that stands in no table here is refused by
name: a computation that is ignored gives plausible and wrong numbers. Null, an empty list and an empty object ask for nothing.
\`quantization_config\` is read of weights stored as numbers with scales, by the table of \`src/main/checkpoint/scaled-schemes.ts\`: float8 by block or tensor (\`fp8\`); of
\`compressed-tensors\` 8-bit numbers, and packed 4-bit and 8-bit ones by channel or group, symmetric or not, with act-order or without; \`gptq\` of 4 or 8 bits in both of its
formats. Refused with the reason: AWQ, bitsandbytes, MXFP4, NVFP4, Marlin and other bits; more than one group of modules; modules of other bits (\`dynamic\`); pruned or turned
weights; a GPTQ zero point that programs read differently (the highest number, in the first format).

## By family

\`dual_chunk_attention_config\` changes nothing within the first chunk, \`chunk_size - local_size\` tokens. That is the context window of the model here: longer prompts are
refused, for vLLM computes them with other positions than transformers. \`layer_types\` of a family without windows may list \`full_attention\` only.

Keys of \`rope_scaling\` and \`rope_parameters\` are read by the type of RoPE, and others in them refused.

| family | read | passed over, as the reference does |
| --- | --- | --- |
${families.join('\n')}

## Around a text model in a multimodal config

| model type | text model | passed over |
| --- | --- | --- |
${nested.join('\n')}

## Of any family, whatever they hold

| why they change no number | keys |
| --- | --- |
${NEUTRAL_KEYS.map(({ why, keys }) => `| ${why} | ${codes(keys)} |`).join('\n')}

## Of families that do not read them, while they hold this

| key | value |
| --- | --- |
${values.join('\n')}
`
}

test('docs/config-keys.md names every key that is known, and what is done with it', async () => {
  const config = await resolveConfig(TABLE)
  await expect(await format(table(), { ...config, parser: 'markdown' })).toMatchFileSnapshot(TABLE)
})
