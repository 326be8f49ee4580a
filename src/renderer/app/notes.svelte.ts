import { EditBuffer } from './edit-buffer.svelte'
import type { OpenProject } from './open-project.svelte'

export type Notes = EditBuffer<string, string>

/** Opens the notes of the project or of its open pair for editing. */
export function openNotes(project: OpenProject, owner: 'project' | 'pair'): Notes {
  return new EditBuffer<string, string>(project, {
    name: `the notes of the ${owner}`,
    stored: ({ notes, document }) => (owner === 'project' ? notes : document.notes),
    draftOf: (notes) => notes,
    valueOf: (notes) => notes,
    store: (here, notes, seen) =>
      project.client[owner === 'project' ? 'projects' : 'pairs'].update({ ...here, seen, changes: { notes } })
  })
}
