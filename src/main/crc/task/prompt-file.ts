import { CrcPrompts } from '../../../contract/documents/crc'
import { inputError, requireValid } from '../../../contract/model/problem'
import { withHint, readJsonFile } from '../../base/files/bounded-file'
import { refuseOtherKind } from '../../base/files/document-kinds'
import { parseInPieces } from '../../base/files/schema-pieces'

/** Maximum size of a prompt file, which limits the memory that a file can claim. */
const MAX_PROMPT_FILE_BYTES = 100_000_000

const EXPECTED = 'A prompt set is a list such as [{"text": "Name a digit.", "category": "digit", "valid": ["0", "1"]}].'

/** Reads the prompts of a character task from JSON. @throws WorkbenchError naming the first wrong field */
export async function readPromptFile(file: string): Promise<CrcPrompts> {
  const value = await withHint(EXPECTED, () => readJsonFile(file, MAX_PROMPT_FILE_BYTES))
  refuseOtherKind(file, value, { name: 'a prompt set', hint: EXPECTED })
  const parsed = await parseInPieces(CrcPrompts, value)
  return requireValid(parsed, (issue) => inputError(`${file} is not a prompt set: ${issue}`, EXPECTED))
}
