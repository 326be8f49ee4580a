import { Task } from '../../contract/documents/task'
import { freeTaskId } from '../../contract/model/free-name'

/** Returns a copy of a task to edit, with a free id. */
export const taskCopy = (task: Task, takenIds: readonly string[]): Task => ({
  ...task,
  id: freeTaskId(`${task.id.slice(0, 56)}-copy`, takenIds),
  name: `${task.name} (copy)`.slice(0, 200)
})

const MOST_PROBLEMS = 8

/** A task to save. A stored task with a wrong pattern can still be read, so that it can be edited. */
const TaskDraft = Task.superRefine(({ reading, rightPattern, checks }, context) => {
  const check = (path: string[], pattern: string): void => {
    try {
      new RegExp(pattern, 'u')
    } catch (error) {
      context.addIssue({ code: 'custom', path, message: messageOf(error) })
    }
  }
  if (reading.kind === 'pattern') check(['reading', 'pattern'], reading.pattern)
  if (rightPattern !== undefined) check(['rightPattern'], rightPattern)
  if (checks.pattern !== undefined) check(['checks', 'pattern'], checks.pattern)
})

/** Parses a task from a text. Errors have the form "field: problem". */
export function parseTask(text: string): { task: Task } | { problems: string[] } {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return { problems: [`This is not JSON: ${messageOf(error)}`] }
  }
  const parsed = TaskDraft.safeParse(json)
  if (parsed.success) return { task: parsed.data }
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(fieldName).join('').replace(/^\./, '')}: ${message}`
  )
  const more = problems.length - MOST_PROBLEMS
  return { problems: more > 0 ? [...problems.slice(0, MOST_PROBLEMS), `and ${more} more`] : problems }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Writes a field name as in code: .prompts[2].text */
const fieldName = (part: PropertyKey): string => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)
