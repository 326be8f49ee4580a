const NOT_TEXT = ['checkbox', 'radio', 'range', 'file', 'color', 'button', 'submit', 'reset']
  .map((type) => `[type=${type}]`)
  .join(', ')

/** Reports whether the user can type text into the target. */
export const isTextField = (target: EventTarget | null): target is HTMLInputElement | HTMLTextAreaElement =>
  target instanceof HTMLElement && target.matches(`textarea, input:not(${NOT_TEXT})`)

/**
 * Accepts the typed text by pressing the form's submit button, or by leaving the field. The focus stays in the field.
 */
export function commitField(field: HTMLInputElement | HTMLTextAreaElement): void {
  const submit = field.form?.querySelector<HTMLButtonElement>('button:is(:not([type]), [type=submit])') ?? null
  if (submit !== null) submit.click()
  else {
    field.blur()
    field.focus()
  }
}

/** Reports whether the field itself uses key presses, to write, undo or choose. */
export const isField = (target: EventTarget | null): target is HTMLElement =>
  target instanceof HTMLElement && target.matches('input:not([type=range], [type=radio]), textarea, select')
